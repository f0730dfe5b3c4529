// Each code of the registry and each event of the log is raised by the product, and by a test; what
// follows from a code stands in its row.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { faultRow, faults, isFaultCode } from '@seg/core'
import t from 'tap'
import { root } from './support/commands.ts'

const tracked = spawnSync('git', ['ls-files', '*.ts'], { cwd: root, encoding: 'utf8' }).stdout.split('\n')
const read = (paths: readonly string[]) => paths.map(path => readFileSync(join(root, path), 'utf8')).join('\n')
const isTest = (path: string) => path.endsWith('.test.ts')
const registry = ['packages/core/src/faults.ts', 'packages/core/src/advice.ts']

const isProduct = (path: string) => /^packages\/\w+\/src\//.test(path) && !/\.test\.ts$|\/testing\//.test(path)
const product = tracked.filter(path => isProduct(path) && !registry.includes(path))
const tests = read(tracked.filter(path => isTest(path) && path !== 'test/fault-codes.test.ts'))
const codes = Object.keys(faults).filter(isFaultCode)

t.test('each code is raised by product code and named by a test', async t => {
  const source = read(product)
  for (const code of codes) {
    t.ok(source.includes(`'${code}'`), `${code} in the product`)
    t.ok(new RegExp(`\\b${code}\\b`).test(tests), `${code} in a test`)
  }
})

t.test('a row says what its code means as an answer, as its status does', async t => {
  for (const code of codes) {
    const { status, asAnswer, isLoad } = faultRow(code)
    const passes = asAnswer === 'later' || asAnswer === 'later-alone'
    if (status !== 500) t.equal(passes, status === 408 || status === 429 || status > 500, `${code}: ${asAnswer}`)
    if (isLoad) t.equal(status, 503, `${code} is load: the peer may try again`)
  }
})

t.test('nothing but the registry lists codes', async t => {
  for (const path of product) t.notMatch(read([path]), /FaultCode\[\]|Set<FaultCode>/, path)
})

t.test('each event of the log is in docs/log.md, raised by product code and by a test', async t => {
  const page = read(['docs/log.md'])
  const documented = [...page.matchAll(/^\| `(\w+)` +\| (?:`\w+` \(|`\w+`,|`\w+` |none)/gm)].map(([, type]) => type!)
  const form = ['packages/ledger/src/log/events.ts', 'packages/ledger/src/log/leaf.ts']
  const typesOf = (source: string) => new Set([...source.matchAll(/\btype: '(\w+)'/g)].map(([, type]) => type!))
  const declared = typesOf(read(form))
  const raised = typesOf(
    read(product.filter(path => !form.includes(path) && /^packages\/(ledger|receiver)/.test(path))),
  )
  t.same(documented.filter(type => declared.has(type)).sort(), [...declared].sort())
  for (const type of declared) {
    t.ok(raised.has(type), `${type} in the product`)
    t.ok(typesOf(tests).has(type), `${type} in a test`)
  }
})

t.test('each administrative action is documented, raised by product code and by a test', async t => {
  const [, list] = /Each change of trust \(([^)]*)\)/.exec(read(['docs/partners.md'])) ?? []
  let kind = ''
  const documented = [...(list ?? '').matchAll(/`(\w*)-(\w+)`/g)].map(([, named, change]) => {
    kind = named || kind
    return `${kind}-${change}`
  })
  const journal = read(['packages/receiver/src/credentials/trust-journal.ts'])
  const raised = [...journal.matchAll(/action: .*/g)].flatMap(([act]) => {
    const ofEach = [...act.matchAll(/\$\{kind\}-(\w+)/g)].flatMap(([, change]) =>
      ['authority', 'partner'].map(of => `${of}-${change}`),
    )
    return [...ofEach, ...[...act.matchAll(/'([a-z]+-[a-z]+)'/g)].map(([, action]) => action!)]
  })
  t.same([...new Set(raised)].sort(), documented.toSorted())
  for (const action of documented) t.ok(new RegExp(`\\b${action}\\b`).test(tests), `${action} in a test`)
})
