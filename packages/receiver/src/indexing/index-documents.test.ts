// Values of accepted documents become facts: after the acceptance, from the canonical octets, and
// never at the expense of another document.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { until } from '@seg/core/testing/until'
import { type KeptFact, openDeskSearch } from '@seg/operators'
import type { DocumentType } from '@seg/xmldsig'
import t, { type Test } from 'tap'
import { openDocumentPolicy } from '../schemas/document-policy.ts'
import { post } from '../testing/client.ts'
import { makeCerts, makeDocument, makeFolder, openGateway } from '../testing/gateway.ts'
import { indexDocuments } from './index-documents.ts'

t.setTimeout(600_000)
const certs = await makeCerts(t)
const complaints: string[] = []
const complain = (line: string) => void complaints.push(line)
const bounds = { schemaTime: 20_000, schemaBytes: 1 << 22 }
const yaml = (index: string) =>
  `documents: { CriticalDocument: { namespaces: { c: "urn:case" }, index: { ${index} } } }`

async function configure(t: Test, text: string): Promise<string> {
  const config = join(await makeFolder(t), 'seg.yaml')
  await writeFile(config, text)
  return config
}

async function readTypes(t: Test, index: string): Promise<readonly DocumentType[]> {
  const { types, schemas } = await openDocumentPolicy(await configure(t, yaml(index)), bounds)
  await schemas.close()
  return types
}

/** The rows of all accepted documents, once each has been looked at. */
function waitFor(data: string, isThere: (facts: readonly KeptFact[]) => boolean): Promise<readonly KeptFact[]> {
  return until(() => readFacts(data), isThere)
}

/** None while the desk is being made. */
function readFacts(data: string): readonly KeptFact[] {
  try {
    const search = openDeskSearch(data)
    const facts = search.page({ outcome: 'accepted' }, { limit: 100 }).facts.map(fact => search.withValues(fact))
    search.close()
    return facts
  } catch {
    return []
  }
}

const isLookedAt = ({ values, notIndexed }: KeptFact) => values !== undefined || notIndexed !== undefined

t.test('values of the canonical octets are found by name, and by no scan', { timeout: 600_000 }, async t => {
  const types = await readTypes(
    t,
    'case-number: "//c:Case/@number", total: "sum(//Amount)", title: ' +
      '"string(//Title)", seal: "//*[local-name()=\'SignatureValue\']"',
  )
  const gateway = await openGateway(t, certs)
  let current = types
  const indexing = indexDocuments(gateway.data, () => current, complain)
  t.teardown(() => indexing.close())
  const send = async (id: string, payload: string) =>
    t.equal((await post(gateway, await makeDocument(gateway, { id, payload }))).status, 201)
  await send(
    'one',
    '<c:Case xmlns:c="urn:case" number="4711"/><Amount>10</Amount>' +
      '<Amount>2.5</Amount><Title> A <![CDATA[&]]> B </Title>',
  )
  await send('two', '<c:Case xmlns:c="urn:other" number="4711"/><Title/>')
  await send('three', '<x:Case xmlns:x="urn:case" number="4711"/><x:Case xmlns:x="urn:case" number="4712"/>')
  const facts = await waitFor(gateway.data, found => found.length === 3 && found.every(isLookedAt))
  t.match(facts.find(({ document }) => document === 'one')?.values, {
    'case-number': ['4711'],
    total: ['12.5'],
    title: ['A & B'],
  })
  t.notOk(
    facts.some(({ values }) => values?.seal),
    'the Signature is no part of what was signed',
  )
  const search = openDeskSearch(gateway.data)
  t.teardown(() => search.close())
  const find = (...where: [string, string][]) =>
    search.page({ where }, { limit: 10 }).facts.map(({ document }) => document)
  t.same(find(['case-number', '4711']), ['three', 'one'], 'the newest first, of the namespace that is declared')
  t.same(find(['case-number', '4711'], ['case-number', '4712']), ['three'])
  t.same(find(['case-number', '471']), [])
  t.same(find(['nothing', '1']), [])
  const database = new DatabaseSync(join(gateway.data, 'desk.sqlite'), { readOnly: true })
  t.teardown(() => database.close())
  for (const page of [{ limit: 9 }, { limit: 9, before: 1 }]) {
    const { sql, values } = search.query({ where: [['total', '12.5']], partner: 'MINISTRY 1_SEG01' }, page)!
    const plan = database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all(...values)
      .map(({ detail }) => String(detail))
    t.match(plan, [/^SEARCH i USING PRIMARY KEY/, /^SEARCH facts USING INTEGER PRIMARY KEY/])
    t.equal(plan.length, 2, 'nothing is sorted')
  }
  // Other expressions: all documents are asked again, and the former values are gone.
  current = await readTypes(t, 'payload: "name(/*/Payload)"')
  const again = await waitFor(gateway.data, found => found.length === 3 && found.every(({ values }) => values?.payload))
  t.same(
    again.map(({ values }) => values),
    [0, 1, 2].map(() => ({ payload: ['Payload'] })),
  )
})

t.test('what cannot be evaluated says so, and the next document is not held up', { timeout: 600_000 }, async t => {
  const types = await readTypes(
    t,
    'slow: "count(//*[count(//*[count(//*) > 0]) > 0])", many: "//E", long: "string(//L)"',
  )
  const gateway = await openGateway(t, certs)
  const elements = (count: number) => '<E>1</E>'.repeat(count)
  for (const [id, payload] of [
    ['slow', elements(4000)],
    ['long', `<L>${'x'.repeat(600)}</L>`],
    ['many', elements(40)],
    ['large', 'x'.repeat(5 << 20)],
    ['good', elements(2)],
  ] as const)
    t.equal((await post(gateway, await makeDocument(gateway, { id, payload }))).status, 201, id)
  const indexing = indexDocuments(gateway.data, () => types, complain, { evaluationTime: 3000 })
  t.teardown(() => indexing.close())
  const facts = await waitFor(gateway.data, found => found.length === 5 && found.every(isLookedAt))
  const of = (id: string) => facts.find(({ document }) => document === id)
  t.match(of('slow')?.notIndexed, { '': /it took more than 3000 ms/ })
  t.match(of('long')?.notIndexed, { long: /600 characters/ })
  t.match(of('many')?.notIndexed, { many: /at most 32 nodes, found 40/ })
  t.match(of('large')?.notIndexed, { '': /evaluated are those of at most 4194304/ })
  t.match(of('good'), { values: { slow: [/^\d+$/], many: ['1'] } })
})

t.test('a partner whose documents take long has all of them evaluated, in its turns', { timeout: 600_000 }, async t => {
  const types = await readTypes(t, 'payload: "name(/*/Payload)"')
  const gateway = await openGateway(t, certs)
  for (let i = 0; i < 4; i++) t.equal((await post(gateway, await makeDocument(gateway, { id: `d${i}` }))).status, 201)
  // Each document takes too long.
  const indexing = indexDocuments(gateway.data, () => types, complain, { slow: -1 })
  t.teardown(() => indexing.close())
  const facts = await waitFor(gateway.data, found => found.length === 4 && found.every(isLookedAt))
  t.same(
    facts.map(({ values }) => values),
    [0, 1, 2, 3].map(() => ({ payload: ['Payload'] })),
  )
})

t.test('an expression that does not compile keeps the receiver from starting', async t => {
  for (const [index, detail] of [
    ['a: "//["', /documents\.CriticalDocument\.index\.a: "\/\/\[" is no XPath expression/],
    ['A_B: "//a"', /expected a name of a-z, digits and dashes/],
    [`a: "${'/a'.repeat(600)}"`, /an XPath expression of at most 1,024 characters/],
  ] as const)
    await t.rejects(openDocumentPolicy(await configure(t, yaml(index)), bounds), { code: 'configuration', detail })
})

t.test('and nothing was complained of', async t => {
  // A machine that is slow needs more for others, too; they are tried again.
  const isTime = (line: string) => /cannot go on at the moment.*it took more than \d+ ms/.test(line)
  t.same(
    complaints.filter(line => !isTime(line)),
    [],
  )
})
