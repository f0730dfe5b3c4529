// The rules that Prometheus gets are those of the gateway, and its own tool finds them right.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootFolder } from '@seg/core'
import t from 'tap'
import { writePrometheusRules } from './prometheus-rules.ts'
import { rules } from './rules.ts'

const folder = join(rootFolder, 'deploy/prometheus')
const tests = readFileSync(join(folder, 'seg.rules.test.yml'), 'utf8')

t.test('deploy/prometheus/seg.rules.yml has the rules of the gateway', async t => {
  const how = '`node packages/operators/src/testing/write-prometheus-rules.ts` writes it'
  t.equal(readFileSync(join(folder, 'seg.rules.yml'), 'utf8'), writePrometheusRules(), how)
})

t.test('each rule has a test for promtool, and a row in the docs', async t => {
  const page = readFileSync(join(rootFolder, 'docs/alerts.md'), 'utf8')
  for (const { name } of rules) {
    t.ok(tests.includes(`alertname: ${name}\n`), name)
    t.ok(page.includes(`\n| \`${name}\` `), `docs/alerts.md: ${name}`)
  }
})

const hasTool = spawnSync('promtool', ['--version']).status === 0

t.test('promtool agrees', { skip: hasTool ? false : 'promtool is not installed' }, async t => {
  for (const args of [
    ['check', 'rules', 'seg.rules.yml'],
    ['test', 'rules', 'seg.rules.test.yml'],
  ]) {
    const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: folder, encoding: 'utf8' })
    t.equal(status, 0, `${stdout}${stderr}`)
  }
})
