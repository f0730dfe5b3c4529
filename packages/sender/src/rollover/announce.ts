// One announcement: signed with the present certificate, posted, and believed to be there only with
// a receipt that verifies, as each document.
import { createHash, randomUUID, type X509Certificate } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import { gatewayId } from '@seg/pki'
import { type Announcement, verifyDocument, writeAnnouncement } from '@seg/xmldsig'
import { trustFor } from '../credentials/sender-credentials.ts'
import type { SendingGateway } from '../delivery/gateway.ts'
import { checkOurCertificates, openLink } from '../delivery/open-link.ts'
import { escapeText } from '../document/escape-text.ts'
import { signBytes } from '../document/sign-bytes.ts'
import type { Answer } from '../exchange/connection.ts'
import { postDocument } from '../exchange/post-document.ts'
import { checkReceipt } from '../receipt/check-receipt.ts'
import { type Announced, keepAnnouncement, keepReceiptOf } from './announced.ts'

type Target = { readonly id: string; readonly url: URL }

/**
 * Throws DeliveryRefused for the receiver's no, `delivery-pending` when there is no answer for
 * good, `receipt-invalid`, `log-rewritten`, and the Faults of our certificates and of the server.
 */
export async function announce(
  announcement: Announcement,
  { id, url }: Target,
  gateway: SendingGateway,
  signal: AbortSignal,
): Promise<Announced> {
  const { identity, signer, clock, data } = gateway
  checkOurCertificates(gateway)
  const link = openLink(url, id, gateway)
  const now = clock.now()
  const text = `<CriticalDocument id="rollover-${randomUUID()}">
  <SenderID>${escapeText(identity.id)}</SenderID>
  <ReceiverID>${escapeText(id)}</ReceiverID>
  <TimestampForSignature>${now.toISOString().slice(0, 19)}Z</TimestampForSignature>
  <Payload>${writeAnnouncement(announcement)}</Payload>
</CriticalDocument>
`
  const octets = await signBytes(Buffer.from(text), signer)
  const document = verifyDocument(octets, signer.certificate)
  const announced: Announced = {
    receiver: id,
    url: url.origin,
    sha256: announcement.certificate.fingerprint256,
    uses: announcement.uses,
    from: new Date(announcement.from).toISOString(),
    until: new Date(announcement.until).toISOString(),
    document: document.id,
    at: now.toISOString(),
    acceptedAt: null,
  }
  await keepAnnouncement(data, announced, octets)
  const body = { bytes: octets.length, read: () => toPieces(octets), path: '/v1/rollover' } as const
  const posted = await postDocument(body, link, { signal, now: clock.now })
  if (!('answer' in posted)) throw new Fault('delivery-pending', `${url.origin}: ${posted.reason}`)
  const receipt = receiptOf(posted.answer)
  const sha256 = createHash('sha256').update(octets).digest()
  const delivered = { bytes: octets.length, sha256, document, signer: signer.certificate }
  const trust = trustFor(id, gateway)
  const server: X509Certificate = posted.answer.server
  const checked = checkReceipt(receipt, { ...delivered, serverId: gatewayId(server) }, trust, clock.now())
  const doubt = await gateway.witness.demand({ tree: checked.tree, verifiers: trust.logs, receipt, link, signal })
  if (doubt !== undefined) throw new Fault('delivery-pending', `${url.origin}: ${doubt.reason}`)
  const accepted = { ...announced, acceptedAt: checked.acceptedAt }
  await keepReceiptOf(data, accepted, receipt)
  return accepted
}

function receiptOf({ mediaType, body }: Answer): Buffer {
  if (body !== undefined && mediaType === 'application/xml') return body
  throw new Fault(
    'receipt-invalid',
    `expected a receipt, found ${body === undefined ? 'a long answer' : quote(mediaType)}`,
  )
}

async function* toPieces(octets: Buffer): AsyncGenerator<Buffer> {
  yield octets
}
