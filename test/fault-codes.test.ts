// Each code of the registry is raised by the product, and by a test.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { faults } from '@seg/core'
import t from 'tap'
import { root } from './support/commands.ts'

const tracked = spawnSync('git', ['ls-files', '*.ts'], { cwd: root, encoding: 'utf8' }).stdout.split('\n')
const read = (paths: readonly string[]) => paths.map(path => readFileSync(join(root, path), 'utf8')).join('\n')
const isTest = (path: string) => path.endsWith('.test.ts')
const registry = ['packages/core/src/faults.ts', 'packages/core/src/advice.ts']

t.test('each code is raised by product code and named by a test', async t => {
  const product = read(
    tracked.filter(
      path => /^packages\/\w+\/src\//.test(path) && !/\.test\.ts$|\/testing\//.test(path) && !registry.includes(path),
    ),
  )
  const tests = read(tracked.filter(path => isTest(path) && path !== 'test/fault-codes.test.ts'))
  for (const code of Object.keys(faults)) {
    t.ok(product.includes(`'${code}'`), `${code} in the product`)
    t.ok(new RegExp(`\\b${code}\\b`).test(tests), `${code} in a test`)
  }
})
