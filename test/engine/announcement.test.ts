// Announcements of next certificates, read from canonical octets: one Rollover, in its own words.
import { readAnnouncement, writeAnnouncement } from '@seg/xmldsig'
import t from 'tap'
import { issue, makeIssuer } from '../support/certificates.ts'

const { certificate } = issue({}, makeIssuer('CA'))
const [from, until] = [Date.UTC(2026, 10, 28), Date.UTC(2026, 11, 28)]
const rollover = writeAnnouncement({ uses: ['tls', 'sign'], from, until, certificate })
const read = (payload: string) =>
  readAnnouncement(Buffer.from(`<CriticalDocument><Payload>${payload}</Payload></CriticalDocument>`))

t.test('what is written is read', async t => {
  const { certificate: found, ...rest } = read(rollover)
  t.same(rest, { uses: ['tls', 'sign'], from, until })
  t.ok(found.raw.equals(certificate.raw))
  t.same(read(rollover.replace('tls sign', 'sign')).uses, ['sign'])
})

t.test('another payload is no announcement', async t => {
  const base64 = certificate.raw.toString('base64')
  const trailing = Buffer.concat([certificate.raw, Buffer.of(0)]).toString('base64')
  const wrong: Record<string, [payload: string, detail: RegExp]> = {
    'no element': ['text', /expected one Rollover of the namespace urn:seg:rollover:1 in Payload/],
    'two elements': [`${rollover}<x></x>`, /expected one Rollover/],
    'another namespace': [rollover.replace('rollover:1', 'rollover:2'), /expected one Rollover/],
    'an attribute': [rollover.replace('<Rollover ', '<Rollover a="b" '), /a/],
    'an attribute of a child': [rollover.replace('<Use>', '<Use a="b">'), /a/],
    'an element within text': [rollover.replace('tls sign', 'tls<x></x>'), /./],
    'a child missing': [rollover.replace(/<From>.*<\/From>/, ''), /From/],
    'a child too many': [rollover.replace('</Rollover>', '<Use>tls</Use></Rollover>'), /Use/],
    'an unknown use': [rollover.replace('tls sign', 'tls other'), /"tls sign", "tls" or "sign", found "tls other"/],
    'no use': [rollover.replace('tls sign', ''), /found ""/],
    'a day that does not exist': [rollover.replace('11-28T', '11-31T'), /2026-11-31/],
    'no certificate': [rollover.replace(base64, 'AAAA'), /are no certificate/],
    'no base64': [rollover.replace(base64, '?'), /are no certificate/],
    'octets behind it': [rollover.replace(base64, trailing), /no octets behind it/],
  }
  for (const [title, [payload, detail]] of Object.entries(wrong))
    t.throws(() => read(payload), { code: 'rollover-malformed', detail }, title)
  t.throws(() => readAnnouncement(Buffer.from('<CriticalDocument></CriticalDocument>')), { code: 'rollover-malformed' })
})
