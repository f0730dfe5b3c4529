// The configuration file as commands read and change it: whole, with line numbers, one change at a
// time.
import { constants, type Stats } from 'node:fs'
import { realpath, rm, stat, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Fault } from '../fault.ts'
import { writeDurableFile } from '../files/durable-file.ts'
import { whyUnreadable } from '../files/file-fault.ts'
import { readInput } from '../files/input.ts'
import { rootFolder } from '../settings.ts'
import { shellWord } from '../shown-text.ts'
import { Problems } from './problems.ts'
import { readYamlTree, type YamlEntry, type YamlNode } from './yaml-file.ts'

export type ConfigurationFile = {
  readonly path: string
  /** '' when there is none. */
  readonly text: string
  readonly entries: readonly YamlEntry[]
  /** What stands under a key at the top. */
  entry(key: string): YamlNode | undefined
}

export function configurationPath(file: string | undefined): string {
  return file ?? resolve(rootFolder, 'seg.yaml')
}

/**
 * Without a name, the file at the root, which need not be there. Throws the Fault `configuration`
 * with everything that is not YAML.
 */
export async function readConfigurationFile(file: string | undefined): Promise<ConfigurationFile> {
  const { path, text } = readConfigurationText(file)
  return parseConfiguration(path, text)
}

/** Its text as it stands there. Throws the Fault `configuration` when it cannot be read. */
export function readConfigurationText(file: string | undefined): { readonly path: string; readonly text: string } {
  const path = configurationPath(file)
  return { path, text: readText(path, file === undefined) }
}

/** Throws the Fault `configuration`. */
export function parseConfiguration(path: string, text: string): ConfigurationFile {
  const problems = new Problems()
  const file = parseEntries(path, text, problems)
  problems.throwIfAny(path, text)
  return file
}

/** The same, with what is wrong reported. */
export function parseEntries(path: string, text: string, problems: Problems): ConfigurationFile {
  const tree = readYamlTree(text)
  if ('problems' in tree) for (const problem of tree.problems) problems.report(problem, problem.text)
  const root = 'root' in tree ? tree.root : undefined
  if (root !== undefined && root.kind !== 'map' && root.kind !== 'nothing')
    problems.report(root, 'seg.yaml must hold keys and values')
  const entries = root?.kind === 'map' ? root.entries : []
  return { path, text, entries, entry: key => entries.find(one => one.key === key)?.value }
}

function readText(path: string, mayBeMissing: boolean): string {
  try {
    const check = (found: Stats) => {
      if (found.isFile() && (found.mode & constants.S_IWOTH) !== 0)
        throw new Fault(
          'configuration',
          `anybody may change ${path}, which decides who is trusted: chmod o-w ${path}`,
          {
            command: `chmod o-w ${shellWord(path)}`,
          },
        )
    }
    return readInput(path, { check }).toString('utf8')
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      if (mayBeMissing) return ''
      throw new Fault(
        'configuration',
        `expected a configuration file at ${path}, found none; correct --config, or begin with an empty file`,
        { cause, command: `touch ${shellWord(path)}` },
      )
    }
    throw new Fault('configuration', `cannot read ${path}: ${whyUnreadable(path, cause)}`, { cause })
  }
}

/** How long a command waits for another one that changes the same file, in milliseconds. */
const PATIENCE = 5_000

/**
 * Replaces the file by what `change` makes of it; nothing when that throws. Crash before the
 * rename: the file as it was, and a lock that the next change finds without an owner. After: the
 * new file.
 */
export async function changeConfigurationFile(
  file: string | undefined,
  change: (before: ConfigurationFile) => string | Promise<string>,
): Promise<void> {
  const named = configurationPath(file)
  // A link stays one: what it names is replaced.
  const path = await realpath(named).catch(() => named)
  const lock = `${path}.lock`
  await takeLock(lock)
  try {
    const text = readText(path, true)
    const after = await change(parseConfiguration(path, text))
    if (after === text) return
    const mode = await stat(path).then(
      found => found.mode & 0o777,
      () => 0o644,
    )
    await writeDurableFile(path, after, { mode, replace: true })
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault('file-unreadable', `cannot change ${path}: ${(cause as Error).message}`, { cause })
  } finally {
    await rm(lock, { force: true })
  }
}

/** The process that holds the lock; 0 when it has just ended, or what stands there is no lock. */
function readHolder(lock: string): number {
  try {
    return Number(readInput(lock, { most: 64, onlyFile: true }).toString('utf8'))
  } catch {
    return 0
  }
}

async function takeLock(lock: string): Promise<void> {
  const end = performance.now() + PATIENCE
  for (;;) {
    try {
      return await writeFile(lock, String(process.pid), { flag: 'wx', mode: 0o600 })
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new Fault('file-unreadable', `cannot write ${lock}: ${(cause as Error).message}`, { cause })
    }
    const holder = readHolder(lock)
    if (holder > 0 && !isRunning(holder)) await rm(lock, { force: true })
    else if (performance.now() > end)
      throw new Fault(
        'file-unreadable',
        `another command (process ${holder}) holds ${lock}; try again when it has ended`,
      )
    else await pause(50)
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
