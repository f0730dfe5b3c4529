// Entries of the log: one way to write each, and nothing else is read.
import t from 'tap'
import { formatLeaf, type LogEvent, parseLeaf } from './leaf.ts'

const at = '2026-11-23T12:00:00.123Z'
const digest = 'A'.repeat(43).concat('=')
const events: Record<LogEvent['type'], LogEvent> = {
  accepted: {
    type: 'accepted',
    at,
    sender: 'MINISTRY 1',
    document: 'doc1',
    bytes: 12,
    sha256: digest,
    reference: digest,
  },
  refused: { type: 'refused', at, sender: 'MINISTRY "1"', code: 'signature-digest', sha256: null },
  omitted: { type: 'omitted', at, sender: 'MINISTRY 1', count: 7, since: at },
  conflict: { type: 'conflict', at, sender: 'MINISTRY 1', document: 'doc1', sha256: digest, accepted: 3 },
  admin: { type: 'admin', at, action: 'suspend', subject: 'MINISTRY 1', by: 'operator' },
  start: { type: 'start', at, version: '0.1.0' },
  stop: { type: 'stop', at },
}

t.test('every event is read as it was written', async t => {
  for (const event of Object.values(events)) t.same(parseLeaf(formatLeaf(event)), { v: 1, ...event })
  t.equal(
    formatLeaf(events.accepted).toString(),
    `{"v":1,"type":"accepted","at":"${at}","sender":"MINISTRY 1","document":"doc1","bytes":12,"sha256":"${digest}","reference":"${digest}"}`,
  )
})

t.test('a Reference may be digested with SHA-256, SHA-384 or SHA-512, the document only with SHA-256', async t => {
  for (const bytes of [32, 48, 64]) {
    const long = Buffer.alloc(bytes, 0xff).toString('base64')
    const event = { ...events.accepted, reference: long } as LogEvent
    t.same(parseLeaf(formatLeaf(event)), { v: 1, ...event }, `${bytes} octets`)
    if (bytes === 32) continue
    const leaf = formatLeaf({ ...events.accepted, sha256: long } as LogEvent)
    t.throws(() => parseLeaf(leaf), { code: 'log-invalid' }, `${bytes} octets of the document`)
  }
  for (const bytes of [31, 33, 47, 63, 65]) {
    const leaf = formatLeaf({ ...events.accepted, reference: Buffer.alloc(bytes).toString('base64') } as LogEvent)
    t.throws(() => parseLeaf(leaf), { code: 'log-invalid' }, `${bytes} octets`)
  }
  const loose = formatLeaf({ ...events.accepted, sha256: digest.replace('A=', 'B=') } as LogEvent)
  t.throws(() => parseLeaf(loose), { code: 'log-invalid' }, 'bits that no octet has')
})

t.test('a field too many is not written', async t => {
  t.notMatch(formatLeaf(Object.assign({ content: 'secret' }, events.stop)).toString(), 'secret')
})

t.test('refuses what is written in any other way', async t => {
  const good = formatLeaf(events.accepted).toString()
  for (const text of [
    '',
    'null',
    '[]',
    '{}',
    ` ${good}`,
    good.replace('"v":1', '"v":2'),
    good.replace('"v":1,', ''),
    good.replace('accepted', 'toString'),
    good.replace('"bytes":12', '"bytes":-1'),
    good.replace('"bytes":12', '"bytes":1.5'),
    good.replace('"bytes":12', '"bytes":"12"'),
    good.replace('12:00:00.123Z', '12:00:00Z'),
    good.replace('2026-11-23', '2026-02-30'),
    good.replace('"document"', '"Document"'),
    good.replace('}', ',"more":1}'),
    good.replace(`"${digest}"`, '"x"'),
    good.replace('MINISTRY', '\\u004dINISTRY'),
    formatLeaf(events.refused).toString().replace('signature-digest', 'no-such-code'),
  ])
    t.throws(() => parseLeaf(Buffer.from(text)), { code: 'log-invalid' }, text)
  t.throws(() => parseLeaf(Buffer.from([0xff])), { code: 'log-invalid' })
})
