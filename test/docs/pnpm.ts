// `pnpm --filter PACKAGE SCRIPT …` and `pnpm seg PACKAGE COMMAND …` as pnpm runs them, without its
// start-up time: the script of package.json, in the package's folder, INIT_CWD naming the reader's.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../support/commands.ts'

const args = process.argv.slice(2)
const isFiltered = args[0] === '--filter'
const folder = isFiltered ? join(root, 'packages', args[1] ?? '') : root
const [name = '', ...rest] = isFiltered ? args.slice(2) : args
const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
const script = Object.hasOwn(scripts, name) ? String(scripts[name]) : undefined
if (script === undefined) {
  process.stderr.write(`package.json in ${folder} has no script ${name}\n`)
  process.exitCode = 1
} else {
  const env = { ...process.env, INIT_CWD: process.cwd() }
  const { status } = spawnSync('sh', ['-c', `exec ${script} "$@"`, 'sh', ...rest], {
    cwd: folder,
    env,
    stdio: 'inherit',
  })
  // pnpm --filter makes 1 of every code but 0.
  process.exitCode = isFiltered ? Number(status !== 0) : (status ?? 1)
}
