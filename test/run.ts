// The suite, and with `long` its long form: tap, with what Node compiles kept between the thousands
// of processes that it starts.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const cache = resolve(root, 'node_modules/.cache/compiled')
const given = process.argv.slice(2)
const args =
  given[0] === 'long'
    ? [...given.slice(1), ...globSync('{packages/*/src,test}/**/*.long.test.ts', { cwd: root })]
    : given
// Tests wait a third of their time for processes, servers and the disk.
const jobs = `--jobs=${2 * availableParallelism()}`
const { status } = spawnSync('tap', [jobs, ...args], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
  env: { ...process.env, NODE_COMPILE_CACHE: cache },
})
process.exitCode = status ?? 1
