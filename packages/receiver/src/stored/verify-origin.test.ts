// The origin of each stored document, against an insider: whoever has the log's key and the seal
// can write a log that fits together, but no document that its sender did not sign.
import { createHash } from 'node:crypto'
import { Fault } from '@seg/core'
import {
  type CertificateChain,
  makeCertificateChain,
  openEvidence,
  type VerifiedLedger,
  verifyLedger,
} from '@seg/ledger'
import { loadIdentity, loadTrust, loadVerifierKeys, makeOwnPolicy } from '@seg/pki'
import type { Signer } from '@seg/xmldsig'
import { prepareDocument, signDocument } from '@seg/xmldsig/testing'
import t, { type Test } from 'tap'
import { post } from '../testing/client.ts'
import {
  loadSenderChain,
  makeCerts,
  makeDocument,
  makeFolder,
  openGateway,
  openTestLedger,
  receiverId,
  senderId,
} from '../testing/gateway.ts'
import { openOriginCheck } from './verify-origin.ts'
import { openReceiptCheck } from './verify-sealed-receipt.ts'

const certs = await makeCerts(t)
const sender = await loadIdentity(certs, 'sender')
const chain = await loadSenderChain(certs)
/** Another CA of the same name, which issued for the same gateways. */
const strangers = await makeCerts(t)
const stranger = await loadIdentity(strangers, 'sender')
const strangersChain = await loadSenderChain(strangers)

type Entry = { readonly id?: string; readonly from?: string; readonly chain?: CertificateChain; readonly at?: Date }

function letter({ id = 'doc1', from = senderId, to = receiverId, payload = 'a letter' } = {}): Buffer {
  const template =
    `<CriticalDocument id="${id}"><SenderID>${from}</SenderID><ReceiverID>${to}</ReceiverID>` +
    '<TimestampForSignature>YYYY-MM-DDTHH:MM:SSZ</TimestampForSignature>' +
    `<Payload>${payload}</Payload></CriticalDocument>`
  return prepareDocument(Buffer.from(template), { now: new Date() })
}

const sign = (document: Buffer, signer: Signer = sender) => signDocument(document, signer)

async function edit(document: Promise<Buffer>, from: string, to: string): Promise<Buffer> {
  return Buffer.from((await document).toString().replace(from, to))
}

/**
 * Enters a document into a ledger of the receiver in `certs`, with the operator's own keys, and
 * without asking whether it may be.
 */
async function enter(t: Test, signed: Buffer | Promise<Buffer>, entry: Entry = {}): Promise<string> {
  const document = await signed
  const data = await makeFolder(t)
  const at = entry.at ?? new Date()
  const ledger = await openTestLedger(certs, data, () => at)
  const staging = ledger.stage()
  await staging.write(document)
  const digest = /<DigestValue>(.*?)<\/DigestValue>/.exec(document.toString())?.[1]
  await ledger.accept(
    {
      sender: entry.from ?? senderId,
      id: entry.id ?? 'doc1',
      acceptedAt: at.toISOString(),
      bytes: document.length,
      sha256: createHash('sha256').update(document).digest('hex'),
      referenceDigest: digest ?? Buffer.alloc(32).toString('base64'),
      chain: entry.chain ?? chain,
    },
    staging,
  )
  await ledger.close()
  return data
}

async function verify(data: string, from = certs): Promise<VerifiedLedger> {
  const trust = await loadTrust(from)
  const checks = { checkReceipt: openReceiptCheck(trust), checkOrigin: openOriginCheck(makeOwnPolicy(trust)) }
  const verifying = verifyLedger(openEvidence(data), (await loadVerifierKeys(from)).join('\n'), checks)
  for (let step = await verifying.next(); ; step = await verifying.next()) if (step.done) return step.value
}

async function failure(data: string): Promise<string> {
  return verify(data).then(
    () => 'nothing',
    fault => (fault instanceof Fault ? fault.message : String(fault.stack)),
  )
}

t.test('what was received is proven, small and large, with one pass of verification and with two', async t => {
  const gateway = await openGateway(t, certs)
  const large = 'x'.repeat(600_000)
  t.equal((await post(gateway, await makeDocument(gateway))).status, 201)
  t.equal((await post(gateway, await makeDocument(gateway, { id: 'large', payload: large }))).status, 201)
  t.match(await verify(gateway.data), { documents: 2, withoutCertificate: 0, erased: 0 })
  const stored = await gateway.gate.ledger.chain(senderId, 'large')
  t.same(stored, chain.certificates, "the sender's certificate is kept, and the CA's")
})

t.test('a document that its sender signed may be entered by anybody', async t => {
  t.match(await verify(await enter(t, sign(letter()))), { documents: 1, withoutCertificate: 0 })
})

t.test('a document that its sender did not sign is reported by its name', async t => {
  const cases: Record<string, [enterOne: () => Promise<string>, expected: RegExp]> = {
    'without a signature': [() => enter(t, letter()), /signature-missing/],
    'signed with another key': [
      () => enter(t, sign(letter(), { ...stranger, certificate: sender.certificate })),
      /signature-value/,
    ],
    'changed after it was signed': [
      () => edit(sign(letter()), 'a letter', 'b letter').then(changed => enter(t, changed)),
      /signature-digest/,
    ],
    'signed with a key that a CA of the same name certified': [
      () => enter(t, sign(letter(), stranger), { chain: strangersChain }),
      /certificate-invalid: it was issued by .* with a key that is not that of a CA in ca\.crt/,
    ],
    'with the certificate of the one CA and the other as its issuer': [
      () =>
        enter(t, sign(letter(), stranger), {
          chain: makeCertificateChain([stranger.certificate.raw, chain.certificates[1]!]),
        }),
      /certificate-untrusted: .*issued by/,
    ],
    'accepted before the certificate was valid': [
      () => enter(t, sign(letter()), { at: new Date('2019-01-01T00:00:00Z') }),
      /certificate-expired: .*expected a time from/,
    ],
    'accepted after the certificate was valid': [
      () => enter(t, sign(letter()), { at: new Date('2099-01-01T00:00:00Z') }),
      /certificate-expired: .*expected a time from/,
    ],
    'with a certificate for another purpose': [() => enterOf(t, 'receiver'), /certificate-purpose/],
    'of another sender than the certificate names': [
      () => enter(t, sign(letter({ from: 'MINISTRY 9' })), { from: 'MINISTRY 9' }),
      /the CN of the sender's certificate is "MINISTRY 1_SEG01", the entry says "MINISTRY 9"/,
    ],
    'of another sender than the entry names': [
      () => enter(t, sign(letter({ from: 'MINISTRY 9' }))),
      /SenderID is "MINISTRY 9", the entry says "MINISTRY 1_SEG01"/,
    ],
    'with another id than the entry names': [
      () => enter(t, sign(letter({ id: 'other' }))),
      /the document id is "other", the entry says "doc1"/,
    ],
    'for another receiver': [
      () => enter(t, sign(letter({ to: 'MINISTRY 3' }))),
      /the log of ReceiverID is "MINISTRY%203"/,
    ],
    'without the certificate of a CA': [
      () => enter(t, sign(letter()), { chain: makeCertificateChain([sender.certificate.raw]) }),
      /the pinned certificate .* is in no record of/,
    ],
    'with something that is no certificate': [
      () => enter(t, sign(letter()), { chain: makeCertificateChain([Buffer.from('x'), Buffer.from('y')]) }),
      /the kept certificate cannot be read/,
    ],
  }
  for (const [what, [enterOne, expected]] of Object.entries(cases)) {
    const found = await failure(await enterOne())
    t.match(found, /^log-invalid: the document "doc1", entry 1: /, what)
    t.match(found, expected, what)
  }
})

/** Signed with another key of the same gateways, which its CA certified for something else. */
async function enterOf(t: Test, profile: 'receiver' | 'seal'): Promise<string> {
  const identity = await loadIdentity(certs, profile)
  const own = makeCertificateChain([identity.certificate.raw, chain.certificates[1]!])
  return enter(t, sign(letter({ from: identity.id }), identity), { from: identity.id, chain: own })
}

t.test('a document that would not be accepted today is no proof either', async t => {
  const data = await enter(t, edit(sign(letter()), '<Payload>', '<!----><Payload>'))
  t.match(await failure(data), /^log-invalid: the document "doc1", entry 1: xml-comment/)
})

t.test('the CA must be one of those that are trusted now', async t => {
  const data = await enter(t, sign(letter()))
  const trust = await loadTrust(strangers)
  const checks = {
    checkReceipt: openReceiptCheck(await loadTrust(certs)),
    checkOrigin: openOriginCheck(makeOwnPolicy(trust)),
  }
  const verifying = verifyLedger(openEvidence(data), (await loadVerifierKeys(certs)).join('\n'), checks)
  await t.rejects(verifying.next(), { code: 'log-invalid', detail: /a key that is not that of a CA in ca\.crt/ })
})
