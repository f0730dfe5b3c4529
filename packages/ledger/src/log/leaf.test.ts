// Entries of the log: one way to write each, leaves that show nothing but kind and time, and those
// of version 1 read as ever.
import { createHash, randomBytes } from 'node:crypto'
import t from 'tap'
import type { LogEvent } from './events.ts'
import { readEntry, readLeaf, writeEntry } from './leaf.ts'
import { openNonces } from './nonces.ts'

const at = '2026-11-23T12:00:00.123Z'
const digest = 'A'.repeat(43).concat('=')
const nonce = Buffer.alloc(32, 7)
const accepted = {
  type: 'accepted',
  at,
  sender: 'MINISTRY 1',
  document: 'doc1',
  bytes: 12,
  sha256: digest,
  reference: digest,
  certificate: digest,
} as const
const events: Record<LogEvent['type'], LogEvent> = {
  accepted,
  refused: { type: 'refused', at, sender: 'MINISTRY "1"', code: 'signature-digest', sha256: null },
  omitted: { type: 'omitted', at, sender: 'MINISTRY 1', count: 7, since: at },
  conflict: { type: 'conflict', at, sender: 'MINISTRY 1', document: 'doc1', sha256: digest, accepted: 3 },
  admin: { type: 'admin', at, action: 'suspend', subject: 'MINISTRY 1', by: 'operator' },
  start: { type: 'start', at, version: '0.1.0' },
  stop: { type: 'stop', at },
}
/** As the versions before wrote them. */
const earlier = {
  accepted:
    `{"v":1,"type":"accepted","at":"${at}","sender":"MINISTRY 1",` +
    `"document":"doc1","bytes":12,"sha256":"${digest}","reference":"${digest}"}`,
  refused: `{"v":1,"type":"refused","at":"${at}","sender":"MINISTRY \\"1\\"","code":"signature-digest","sha256":null}`,
  omitted: `{"v":1,"type":"omitted","at":"${at}","sender":"MINISTRY 1","count":7,"since":"${at}"}`,
  conflict:
    `{"v":1,"type":"conflict","at":"${at}","sender":"MINISTRY 1",` +
    `"document":"doc1","sha256":"${digest}","accepted":3}`,
  admin: `{"v":1,"type":"admin","at":"${at}","action":"suspend","subject":"MINISTRY 1","by":"operator"}`,
  start: `{"v":1,"type":"start","at":"${at}","version":"0.1.0"}`,
  stop: `{"v":1,"type":"stop","at":"${at}"}`,
}

t.test('every event is read as it was written, with what opens its leaf', async t => {
  for (const event of Object.values(events)) {
    const { leaf, ...opening } = writeEntry(event, nonce)
    t.same(readEntry(leaf, opening), event)
    t.same(readLeaf(leaf), { version: 2, type: event.type, at })
  }
})

t.test('an act with a record in the audit trail has its digest, and no other kind of entry has one', t => {
  for (const type of ['admin', 'start', 'stop'] as const) {
    const event = { ...events[type], record: digest } as LogEvent
    const { leaf, ...opening } = writeEntry(event, nonce)
    t.match(opening.facts.toString(), new RegExp(`"?record":"${digest}"}$`))
    t.same(readEntry(leaf, opening), event)
    t.throws(() => readEntry(...opened(writeEntry({ ...event, record: 'x' } as LogEvent, nonce))), {
      code: 'log-invalid',
    })
  }
  t.notMatch(writeEntry({ ...accepted, record: digest } as LogEvent, nonce).facts.toString(), /record/)
  t.end()
})

function opened({ leaf, ...opening }: ReturnType<typeof writeEntry>) {
  return [leaf, opening] as const
}

t.test('a leaf is the digest of nonce and facts, both in their one form', async t => {
  const { leaf, facts } = writeEntry(accepted, nonce)
  t.equal(
    facts.toString(),
    '{"sender":"MINISTRY 1","document":"doc1","bytes":12,' +
      `"sha256":"${digest}","reference":"${digest}","certificate":"${digest}"}`,
  )
  const commitment = createHash('sha256').update(nonce).update(facts).digest('base64')
  t.equal(leaf.toString(), `{"v":2,"type":"accepted","at":"${at}","facts":"${commitment}"}`)
  t.equal(writeEntry(events.stop, nonce).facts.toString(), '{}')
})

t.test('nothing but the digest in a leaf depends on the facts', async t => {
  const lengths = new Set(
    ['A', 'a much longer name of a gateway', '\u{1F512}'].map(
      sender => writeEntry({ ...accepted, sender }, nonce).leaf.length,
    ),
  )
  t.equal(lengths.size, 1)
  t.notSame(writeEntry(accepted, nonce).leaf, writeEntry(accepted, Buffer.alloc(32, 8)).leaf)
})

t.test('no two entries get the same nonce', async t => {
  const next = openNonces()
  const nonces = Array.from({ length: 1000 }, next)
  t.ok(nonces.every(({ length }) => length === 32))
  t.equal(new Set(nonces.map(octets => octets.toString('hex'))).size, 1000)
})

t.test('entries of version 1 show their facts, and are opened by nothing', async t => {
  for (const [type, text] of Object.entries(earlier)) {
    const event = events[type as LogEvent['type']]
    const said = event.type === 'accepted' ? { ...event, certificate: null } : event
    t.same(readEntry(Buffer.from(text), undefined), said)
    t.same(readLeaf(Buffer.from(text)), { version: 1, type, at })
    const opening = writeEntry(event, nonce)
    t.throws(() => readEntry(Buffer.from(text), opening), { code: 'log-invalid' })
  }
})

t.test('a blinded entry says nothing without its facts and its nonce, nor with others', async t => {
  const { leaf, facts } = writeEntry(accepted, nonce)
  const other = Buffer.from(facts.toString().replace('doc1', 'doc2'))
  const openings = [
    undefined,
    { facts: other, nonce },
    { facts, nonce: Buffer.alloc(32, 8) },
    { facts, nonce: nonce.subarray(1) },
    // The octets under the digest are the same.
    { facts: Buffer.concat([nonce.subarray(31), facts]), nonce: nonce.subarray(0, 31) },
  ]
  for (const opening of openings) t.throws(() => readEntry(leaf, opening), { code: 'log-invalid' })
  const { leaf: stop } = writeEntry(events.stop, nonce)
  t.throws(() => readEntry(stop, { facts, nonce }), { code: 'log-invalid' })
})

t.test('facts have one form, for any value that the leaf commits to', async t => {
  const good = writeEntry(accepted, nonce).facts.toString()
  for (const text of [
    '',
    'null',
    '{}',
    ` ${good}`,
    good.replace('"bytes":12', '"bytes":-1'),
    good.replace('"bytes":12', '"bytes":"12"'),
    good.replace('"document"', '"Document"'),
    good.replace('}', ',"more":1}'),
    good.replace(`,"certificate":"${digest}"`, ''),
    good.replace(`"certificate":"${digest}"`, '"certificate":null'),
    good.replace(`"${digest}"`, '"x"'),
    good.replace('MINISTRY', '\\u004dINISTRY'),
  ]) {
    t.not(text, good)
    const facts = Buffer.from(text)
    const commitment = createHash('sha256').update(nonce).update(facts).digest('base64')
    const leaf = Buffer.from(`{"v":2,"type":"accepted","at":"${at}","facts":"${commitment}"}`)
    t.throws(() => readEntry(leaf, { facts, nonce }), { code: 'log-invalid' }, text)
  }
})

t.test('a Reference may be digested with SHA-256, SHA-384 or SHA-512, the document only with SHA-256', async t => {
  const read = (change: Partial<typeof accepted>) => () => {
    const { leaf, ...opening } = writeEntry({ ...accepted, ...change }, nonce)
    return readEntry(leaf, opening)
  }
  for (const bytes of [32, 48, 64]) {
    const long = Buffer.alloc(bytes, 0xff).toString('base64') as typeof digest
    t.match(read({ reference: long })(), { reference: long }, `${bytes} octets`)
    if (bytes !== 32) t.throws(read({ sha256: long }), { code: 'log-invalid' }, `${bytes} octets of the document`)
  }
  for (const bytes of [31, 33, 47, 63, 65])
    t.throws(read({ reference: Buffer.alloc(bytes).toString('base64') }), { code: 'log-invalid' }, `${bytes} octets`)
  t.throws(read({ sha256: digest.replace('A=', 'B=') }), { code: 'log-invalid' }, 'bits that no octet has')
})

t.test('a fact too many is not written', async t => {
  t.notMatch(writeEntry(Object.assign({ content: 'secret' }, events.stop), nonce).facts.toString(), 'secret')
})

t.test('refuses a leaf that is written in any other way', async t => {
  const good = earlier.accepted
  const blinded = writeEntry(accepted, nonce).leaf.toString()
  const commitment = /"facts":"(.*)"/.exec(blinded)![1]!
  for (const text of [
    '',
    'null',
    '[]',
    '{}',
    ` ${good}`,
    good.replace('"v":1', '"v":2'),
    good.replace('"v":1,', ''),
    good.replace('accepted', 'toString'),
    good.replace('"bytes":12', '"bytes":1.5'),
    good.replace('12:00:00.123Z', '12:00:00Z'),
    good.replace('2026-11-23', '2026-02-30'),
    good.replace('}', ',"more":1}'),
    good.replace('}', `,"certificate":"${digest}"}`),
    good.replace('MINISTRY', '\\u004dINISTRY'),
    earlier.refused.replace('signature-digest', 'no-such-code'),
    ` ${blinded}`,
    blinded.replace('"v":2', '"v":1'),
    blinded.replace('"v":2', '"v":3'),
    blinded.replace('accepted', 'toString'),
    blinded.replace('}', ',"sender":"x"}'),
    blinded.replace(commitment, commitment.slice(4)),
    blinded.replace(commitment, randomBytes(33).toString('base64')),
    blinded.replace(commitment, `${commitment.slice(0, -1)}A`),
    blinded.replace(`"${commitment}"`, 'null'),
  ])
    t.throws(() => readLeaf(Buffer.from(text)), { code: 'log-invalid' }, text)
  t.throws(() => readLeaf(Buffer.from([0xff])), { code: 'log-invalid' })
})
