// The suite: tap, with what Node compiles kept between the thousands of processes that it starts.
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'

const cache = resolve(import.meta.dirname, '../node_modules/.cache/compiled')
const { status } = spawnSync('tap', process.argv.slice(2), {
  stdio: 'inherit',
  shell: process.platform === 'win32',
  env: { ...process.env, NODE_COMPILE_CACHE: cache },
})
process.exitCode = status ?? 1
