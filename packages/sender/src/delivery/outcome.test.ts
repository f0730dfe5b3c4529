import { Fault } from '@seg/core'
import t from 'tap'
import { DeliveryRefused } from '../exchange/problem.ts'
import type { Delivery } from './gateway.ts'
import { describeOutcome, exitCodeOf, outcomeFacts, type SendOutcome, worstOf } from './outcome.ts'

const receipt = {
  documentId: 'doc123',
  senderId: 'MINISTRY 1_SEG01',
  receiverId: 'MINISTRY 2_SEG01',
  acceptedAt: '2026-11-23T12:00:00.000Z',
  documentDigest: Buffer.alloc(32),
  referenceDigest: Buffer.alloc(32),
}
const made = { tries: 2, tls: { protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', group: 'X25519MLKEM768' } }
const delivered = (extra: Partial<Delivery> = {}) => {
  return {
    file: 'a.xml',
    seconds: 0.1,
    delivery: { receipt, made, receiptPath: '/r.xml', documentPath: '/d.xml', ...extra } as Delivery,
  }
}
const failed = (fault: Fault) => ({ file: 'b.xml', seconds: 0.1, fault })
const refused = failed(
  new DeliveryRefused({ code: 'signature-digest', sentence: 'The document is not what was signed.' }),
)
const plain = (_style: string, text: string) => text

t.test('lets the worst of several outcomes decide: 0, 4, 3, 5, 6', async t => {
  const pending = failed(new Fault('delivery-pending', 'busy'))
  const local = failed(new Fault('xml-comment', 'line 3'))
  const unverified = failed(new Fault('receipt-invalid', 'digest'))
  const ranked: [SendOutcome, ...SendOutcome[]] = [delivered(), pending, refused, local, unverified]
  t.same(ranked.map(exitCodeOf), [0, 4, 3, 5, 6])
  ranked.forEach((worst, i) => {
    t.equal(worstOf([worst, ...ranked.slice(0, i).toReversed()]), worst)
    t.equal(worstOf([...ranked.slice(0, i), worst] as unknown as [SendOutcome, ...SendOutcome[]]), worst)
  })
})

t.test('shows a refusal with its code, its sentence and what to do', async t => {
  t.match(outcomeFacts(refused), {
    ok: false,
    state: 'refused',
    code: 'signature-digest',
    exitCode: 3,
    advice: /send the original/,
  })
  const text = describeOutcome(refused, plain)
  for (const part of ['b.xml: refused: signature-digest', 'not what was signed', 'What to do: ']) t.match(text, part)
})

t.test('shows a local fault with its detail', async t => {
  const text = describeOutcome(failed(new Fault('xml-comment', 'a comment at byte 12')), plain)
  for (const part of ['failed: xml-comment', 'a comment at byte 12', '--strip-comments']) t.match(text, part)
})

t.test('shows a delivery with the facts of its receipt', async t => {
  t.match(outcomeFacts(delivered()), {
    ok: true,
    state: 'delivered',
    id: 'doc123',
    tries: 2,
    tls: made.tls,
    receipt: '/r.xml',
    sha256: '0'.repeat(64),
  })
  const text = describeOutcome(delivered(), plain)
  for (const part of ['a.xml: delivered', 'doc123', receipt.acceptedAt, '/r.xml', 'X25519MLKEM768', 'at try 2'])
    t.match(text, part)
})

t.test('shows an earlier delivery as one', async t => {
  t.match(outcomeFacts(delivered({ made: undefined })), { ok: true, state: 'already-delivered' })
  t.match(
    describeOutcome(delivered({ made: undefined }), plain),
    'already delivered on 2026-11-23T12:00:00.000Z, receipt at /r.xml',
  )
})
