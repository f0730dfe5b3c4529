// Refusals in the log: one entry each, up to a bound, and then their number.
import { Fault } from '@seg/core'
import { type LogEvent, openLedgerReader } from '@seg/ledger'
import t from 'tap'
import { call, post, refusalOf } from '../testing/client.ts'
import { makeCerts, makeDocument, makeFolder, openGateway, openTestLedger, senderId } from '../testing/gateway.ts'
import { RefusalLog } from './refusal-log.ts'

const certs = await makeCerts(t)
const log = { error: (facts: object) => t.fail(JSON.stringify(facts)) } as never

async function readEvents(data: string): Promise<LogEvent[]> {
  const reader = openLedgerReader(data)
  const size = await reader.log.size()
  const events = await Promise.all(Array.from({ length: size }, async (_, index) => (await reader.event(index))!))
  await reader.close()
  return events
}

t.test('a refusal of an authenticated peer is an entry, with the digest of what was refused', async t => {
  const gateway = await openGateway(t, certs)
  const document = await makeDocument(gateway)
  const changed = Buffer.from(document.toString().replace('Lunch', 'Dinner'))
  t.equal(refusalOf(await post(gateway, changed)), '422 signature-digest')
  t.equal(refusalOf(await post(gateway, Buffer.from('<a><!--'), {})), '415 media-type')
  t.equal((await post(gateway, document)).status, 201)
  t.equal(
    refusalOf(await post(gateway, await makeDocument(gateway, { payload: 'another' }))),
    '409 document-id-conflict',
  )
  const events = await readEvents(gateway.data)
  t.match(events, [
    { type: 'start' },
    { type: 'refused', sender: senderId, code: 'signature-digest', sha256: /^.{43}=$/ },
    { type: 'refused', sender: senderId, code: 'media-type', sha256: null },
    { type: 'accepted', sender: senderId, document: 'doc123', bytes: document.length },
    { type: 'conflict', sender: senderId, document: 'doc123', accepted: 3 },
  ])
})

t.test(
  'of many refusals the rest is counted, as an entry with the first refusal after a minute, or at the end',
  async t => {
    const data = await makeFolder(t)
    let time = Date.parse('2026-11-23T12:00:00Z')
    const now = () => new Date(time)
    const ledger = await openTestLedger(certs, data, now)
    const refusals = new RefusalLog(ledger, now)
    const refuse = (sender: string) =>
      refusals.record({ sender, fault: new Fault('xml-malformed', ''), sha256: undefined }, log)
    for (let i = 0; i < 100; i++) refuse('A')
    refuse('B')
    time += 60_000
    refuse('A')
    for (let i = 0; i < 61; i++) refuse('C')
    await refusals.close()
    await ledger.close()
    const events = await readEvents(data)
    const count = (sender: string) => events.filter(event => event.type === 'refused' && event.sender === sender).length
    t.same([count('A'), count('B'), count('C')], [61, 1, 60])
    t.match(
      events.filter(({ type }) => type === 'omitted'),
      [
        { sender: 'A', count: 40, since: '2026-11-23T12:00:00.000Z' },
        { sender: 'C', count: 1 },
      ],
    )
  },
)

t.test('of many conflicts, timely or late, the rest is counted, too, and each once', async t => {
  const gateway = await openGateway(t, certs)
  t.equal((await post(gateway, await makeDocument(gateway))).status, 201)
  const [timely, late] = await Promise.all(
    [0, 600_000].map(age =>
      makeDocument(gateway, { payload: `of another age: ${age}`, now: new Date(Date.now() - age) }),
    ),
  )
  for (let i = 0; i < 32; i++)
    for (const document of [timely, late])
      t.equal(refusalOf(await post(gateway, document!)), '409 document-id-conflict')
  await gateway.gate.refusals.close()
  const events = await readEvents(gateway.data)
  t.equal(events.filter(({ type }) => type === 'conflict').length, 60)
  t.match(
    events.filter(({ type }) => type === 'omitted'),
    [{ sender: senderId, count: 4 }],
  )
})

t.test('the log is served as tiles to each partner, and to its end only', async t => {
  const gateway = await openGateway(t, certs)
  await post(gateway, await makeDocument(gateway))
  const checkpoint = await call(gateway, { path: '/v1/log/checkpoint' })
  t.match(checkpoint.body.toString(), /^MINISTRY%202_SEG01\n2\n.{44}\n\n\u2014 MINISTRY%202_SEG01 \S+\n$/)
  t.equal(checkpoint.headers['content-type'], 'text/plain; charset=utf-8')
  t.equal((await call(gateway, { path: '/v1/log/tile/0/000.p/2' })).body.length, 64)
  t.match(
    (await call(gateway, { path: '/v1/log/tile/entries/000.p/2' })).body.toString(),
    /"type":"start".*"type":"accepted"/s,
  )
  for (const path of [
    'tile/0/000',
    'tile/0/000.p/3',
    'tile/entries/000.p/3',
    'tile/1/000.p/1',
    'tile/0/001.p/1',
    'tile/x',
    'tile/0/..%2f',
    'x',
  ])
    t.equal(refusalOf(await call(gateway, { path: `/v1/log/${path}` })), '404 not-found', path)
})

t.test('entries that cannot be written are one line and a count', async t => {
  const ledger = await openTestLedger(certs, await makeFolder(t))
  const lines: string[] = []
  const log = { error: (_facts: object, line: string) => lines.push(line) } as never
  const refusals = new RefusalLog(ledger, () => new Date())
  await ledger.close()
  for (let i = 0; i < 60; i++)
    refusals.record({ sender: 'A', fault: new Fault('xml-malformed', ''), sha256: undefined }, log)
  await refusals.close()
  t.equal(lines.length, 2)
  t.match(lines[0], /^a refusal has no entry in the log: /)
  t.match(lines[1], /^59 more refusals have no entry in the log /)
})
