// The facts of a running receiver: what it did with documents and connections, read from its desk.
import { rm } from 'node:fs/promises'
import { connect } from 'node:tls'
import { faults } from '@seg/core'
import { until } from '@seg/core/testing/until'
import { type DeskFilter, explainRefusal, type KeptFact, openDesk, openDeskSearch } from '@seg/operators'
import t from 'tap'
import { call, post } from './testing/client.ts'
import { makeCerts, makeDocument, openGateway, senderId, type TestGateway } from './testing/gateway.ts'

const certs = await makeCerts(t)

/** What the desk has once it has so many rows that match, and each is as wanted. */
function factsOf(
  { data }: { data: string },
  filter: DeskFilter,
  count: number,
  isWanted: (fact: KeptFact) => boolean = () => true,
): Promise<readonly KeptFact[]> {
  return until(
    () => read(data, filter).filter(isWanted),
    facts => facts.length >= count,
  )
}

function read(data: string, filter: DeskFilter): readonly KeptFact[] {
  try {
    const search = openDeskSearch(data)
    try {
      return search.page(filter, { limit: 1000 }).facts
    } finally {
      search.close()
    }
  } catch {
    return []
  }
}

t.test('an accepted document leaves its facts, with each step that it took', async t => {
  const gateway = await openGateway(t, certs)
  const document = await makeDocument(gateway)
  const answer = await post(gateway, document)
  t.equal(answer.status, 201)
  const [fact] = await factsOf(gateway, { document: 'doc123', outcome: 'accepted' }, 1)
  t.match(fact, {
    kind: 'document',
    index: 1,
    isRecorded: true,
    partner: senderId,
    bytes: document.length,
    tlsVersion: 'TLSv1.3',
    cipher: /^TLS_/,
    group: 'X25519MLKEM768',
    canonicalization: 'http://www.w3.org/2001/10/xml-exc-c14n#',
    digestAlgorithm: 'sha256',
    signatureAlgorithm: /ecdsa-sha256/,
    request: /^urn:uuid:/,
    address: '127.0.0.1',
  })
  t.equal(fact?.certificate, gateway.sender.certificate.fingerprint256.replaceAll(':', '').toLowerCase())
  const { receiveTime, verifyTime, decideTime, commitTime, totalTime } = fact!
  const steps = [receiveTime, verifyTime, decideTime, commitTime]
  t.ok(steps.every(step => step !== undefined && step >= 0) && commitTime! > 0, String(steps))
  t.ok(totalTime! >= steps.reduce((sum, step) => sum! + step!, 0)! - 0.01)
  await post(gateway, document)
  t.match(await factsOf(gateway, { outcome: 'replayed' }, 1), [{ document: 'doc123', index: undefined }])
})

t.test('a refusal says which check failed, what it expected and found, and what to do', async t => {
  const gateway = await openGateway(t, certs)
  const refused = async (code: string, body: Buffer, headers?: Record<string, string>) => {
    const answer = await post(gateway, body, headers)
    t.equal(JSON.parse(answer.body.toString()).code, code)
    const { instance: request } = JSON.parse(answer.body.toString())
    const [fact] = await factsOf(gateway, { request }, 1)
    t.match(fact, { kind: 'refusal', code, partner: senderId, address: '127.0.0.1' }, code)
    return { fact: fact!, ...explainRefusal(fact!)! }
  }
  const good = await makeDocument(gateway)
  const changed = await refused('signature-digest', Buffer.from(good.toString().replace('Lunch', 'Dinner')))
  t.match(changed, { check: 'signature', found: /sha256/, remedy: /changed after it was signed/ })
  t.equal(changed.fact.isRecorded, true)
  t.equal(typeof changed.fact.index, 'number', 'with its entry of the log')
  const stale = await refused('timestamp-stale', await makeDocument(gateway, { id: 'old', now: new Date(0) }))
  t.match(stale, { check: 'time', expected: /within 300 s/, found: /1970-01-01/, fact: { document: 'old' } })
  const other = await refused('receiver-mismatch', await makeDocument(gateway, { id: 'other', to: 'NOBODY' }))
  t.match(other, { check: 'addressee', expected: /MINISTRY 2_SEG01/, found: /NOBODY/ })
  t.match(await refused('media-type', good, { 'content-type': 'text/plain' }), {
    check: 'request',
    found: /text\/plain/,
  })
  await post(gateway, good)
  const conflict = await refused('document-id-conflict', await makeDocument(gateway, { payload: 'Breakfast' }))
  t.match(conflict, { check: 'replay', fact: { outcome: 'conflict', document: 'doc123' } })
  // Memory does not know its entry of the log: the row gets it when the ledger is read.
  const { request } = conflict.fact
  t.equal((await factsOf(gateway, { request: request! }, 1, ({ index }) => index !== undefined)).length, 1)
})

t.test('each code that a receiver can send has a check, and says something without a detail', async t => {
  const codes = Object.keys(faults)
  for (const code of codes.slice(0, codes.indexOf('login-required')) as (keyof typeof faults)[]) {
    const { check, expected, found, remedy } = explainRefusal({ code, detail: 'expected one, found two' })!
    t.match({ check, expected, found, remedy }, { check: /\w/, expected: 'one', found: 'two', remedy: /\w/ }, code)
    t.match(explainRefusal({ code, detail: undefined }), { expected: /\w/, found: 'not recorded' }, code)
  }
  t.equal(explainRefusal({ code: 'usage', detail: 'x' }), undefined)
})

t.test('a failed connection and a request without a document leave facts', async t => {
  const gateway = await openGateway(t, certs)
  const socket = connect({ host: '127.0.0.1', port: gateway.port, rejectUnauthorized: false })
  socket.on('error', () => {}).on('secureConnect', () => socket.end())
  const [failed] = await factsOf(gateway, { kind: 'connection' }, 1)
  t.match(failed, { outcome: 'failed', address: '127.0.0.1', detail: 'the client sent no certificate' })
  await call(gateway, { path: '/v1/nothing' })
  const [refused] = await factsOf(gateway, { code: 'not-found' }, 1)
  t.match(refused, { kind: 'refusal', partner: senderId, tlsVersion: 'TLSv1.3' })
})

t.test('a desk that is deleted is made again from the ledger, with the same rows', async t => {
  const gateway = await openGateway(t, certs)
  for (const id of ['a', 'b', 'c']) await post(gateway, await makeDocument(gateway, { id }))
  await post(gateway, await makeDocument(gateway, { id: 'd', to: 'NOBODY' }))
  await post(gateway, await makeDocument(gateway, { id: 'a', payload: 'other' }))
  await factsOf(gateway, { outcome: 'conflict' }, 1)
  const rows = async () => (await factsOf(gateway, {}, 5)).filter(({ index }) => index !== undefined)
  const before = await until(rows, found => found.length === 5)
  await stopDesk(gateway)
  for (const end of ['', '-wal', '-shm']) await rm(`${gateway.data}/desk.sqlite${end}`, { force: true })
  t.same(read(gateway.data, {}), [])
  const again = openDesk({ folder: gateway.data, retention: { days: 36_500, bytes: 1e9 }, outbox: undefined }, line =>
    t.comment(line),
  )
  t.teardown(() => again.close())
  const known = ({
    position,
    at,
    kind,
    outcome,
    index,
    partner,
    document,
    bytes,
    sha256,
    code,
    certificate,
  }: KeptFact) => ({
    ...{ position, at, kind, outcome, index, partner, sha256, code },
    ...(kind === 'document' && { document, bytes, certificate }),
  })
  await factsOf(gateway, {}, 5)
  t.same((await rows()).map(known), before.map(known))
  t.ok(
    (await rows()).every(({ isRecorded }) => !isRecorded),
    'and say that the rest is not recorded',
  )
})

async function stopDesk({ gate }: TestGateway): Promise<void> {
  await gate.desk.close()
}
