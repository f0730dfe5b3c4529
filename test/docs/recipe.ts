// Runs the shell blocks of a Markdown page as its reader would, in a temporary folder, one after
// the other.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { type CodeBlock, isRun, readCodeBlocks } from './code-blocks.ts'

export type Ran = { readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }

export type Recipe = {
  /** Where the blocks run; gone with the test. */
  readonly folder: string
  readonly blocks: readonly CodeBlock[]
  /** Blocks that must be run and were not yet: at its end, a test of a page expects none. */
  unrun(): CodeBlock[]
  /** Runs a block with `sh -eu`, each line a command that must succeed. */
  run(block: CodeBlock): Promise<Ran>
  /** Runs what no page says, in the same surroundings. */
  runText(script: string): Promise<Ran>
}

/** Milliseconds for one block. */
const BLOCK_TIME = 60_000

/**
 * Opens a page: writes its blocks that have a file name. `pnpm` runs the scripts of the packages of
 * this checkout, and settings come from `environment` alone. What a block leaves running ends with
 * the test.
 */
export async function openRecipe(
  t: Test,
  page: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Recipe> {
  const folder = await mkdtemp(join(tmpdir(), 'seg-docs-'))
  const programs = await mkdtemp(join(tmpdir(), 'seg-docs-programs-'))
  const groups: number[] = []
  t.teardown(async () => {
    for (const group of groups) killGroup(group)
    await Promise.all([folder, programs].map(path => rm(path, { recursive: true, force: true })))
  })
  await writeFile(
    join(programs, 'pnpm'),
    `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dirname, 'pnpm.ts')}' "$@"\n`,
  )
  await chmod(join(programs, 'pnpm'), 0o755)
  const isLeftOut = (name: string) => /^(SEG_|INIT_CWD$|NODE_(?!COMPILE_CACHE$)|FORCE_COLOR$)/.test(name)
  const inherited = Object.entries(process.env).filter(([name]) => !isLeftOut(name))
  const PATH = [programs, dirname(process.execPath), process.env.PATH].join(delimiter)
  const env = { ...Object.fromEntries(inherited), PATH, ...environment }

  const blocks = readCodeBlocks(page)
  for (const { file, text } of blocks) if (file !== undefined) await writeFile(join(folder, file), text)
  const waiting = new Set(blocks.filter(isRun))

  const runText = async (script: string): Promise<Ran> => {
    // A group of its own: what it leaves in the background can be ended with it.
    const child = spawn('sh', ['-eu', '-c', script], {
      cwd: folder,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    groups.push(child.pid!)
    const timer = setTimeout(() => killGroup(child.pid!), BLOCK_TIME)
    const [stdout, stderr, [exitCode]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ])
    clearTimeout(timer)
    return { exitCode, stdout, stderr }
  }
  return {
    folder,
    blocks,
    unrun: () => [...waiting],
    run(block) {
      waiting.delete(block)
      return runText(block.text)
    },
    runText,
  }
}

function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // All of it has ended.
  }
}
