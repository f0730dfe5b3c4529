// One announcement: signed with the present certificate and queued, posted until there is an
// answer, and accepted only with a receipt that verifies, as each document.
import { createHash, randomUUID, X509Certificate } from 'node:crypto'
import { asFault, Fault, faultRow, quote } from '@seg/core'
import { gatewayId } from '@seg/pki'
import { type Announcement, type VerifiedDocument, verifyDocument, writeAnnouncement } from '@seg/xmldsig'
import { trustFor } from '../credentials/sender-credentials.ts'
import { clocksApart } from '../delivery/clocks-apart.ts'
import type { SendingGateway } from '../delivery/gateway.ts'
import { checkOurCertificates, openLink } from '../delivery/open-link.ts'
import { escapeText } from '../document/escape-text.ts'
import { signBytes } from '../document/sign-bytes.ts'
import type { Answer, Link } from '../exchange/connection.ts'
import { type Posted, postDocument } from '../exchange/post-document.ts'
import { DeliveryRefused } from '../exchange/problem.ts'
import { checkReceipt } from '../receipt/check-receipt.ts'
import {
  type Announced,
  keepAnnouncement,
  keepReceiptOf,
  keepState,
  listAnnounced,
  readAnnounced,
} from './announced.ts'

type Target = { readonly id: string; readonly url: URL }

/** Accepted; or no final answer yet. `retryAfter` in milliseconds. */
export type TriedAnnouncement =
  | { readonly announced: Announced }
  | { readonly reason: string; readonly retryAfter: number }

/**
 * Queued when it resolves; what was queued before for this receiver and certificate is replaced.
 */
export async function queueAnnouncement(
  announcement: Announcement,
  { id, url }: Target,
  gateway: SendingGateway,
): Promise<Announced> {
  const { clock, data } = gateway
  const { certificate, uses, from, until } = announcement
  const sha256 = certificate.fingerprint256
  const announced: Announced = {
    ...{ receiver: id, url: url.origin, sha256, uses },
    from: new Date(from).toISOString(),
    until: new Date(until).toISOString(),
    document: `rollover-${randomUUID()}`,
    at: clock.now().toISOString(),
    acceptedAt: null,
    state: 'queued',
    reason: null,
    certificate: certificate.toString(),
  }
  const before = (await listAnnounced(data)).filter(one => one.state === 'queued' && one.receiver === id)
  await keepAnnouncement(data, announced, await signAnnouncement(announced, gateway))
  // Crash before: both are tried, and the receiver takes the certificate once.
  for (const one of before) if (one.sha256 === sha256) await keepState(data, { ...one, state: 'replaced' })
  return announced
}

function signAnnouncement(announced: Announced, { identity, signer, clock }: SendingGateway): Promise<Buffer> {
  const { receiver, document, uses, from, until, certificate } = announced
  const payload = writeAnnouncement({
    uses: uses as Announcement['uses'],
    from: Date.parse(from),
    until: Date.parse(until),
    certificate: new X509Certificate(certificate),
  })
  const text = `<CriticalDocument id="${document}">
  <SenderID>${escapeText(identity.id)}</SenderID>
  <ReceiverID>${escapeText(receiver)}</ReceiverID>
  <TimestampForSignature>${clock.now().toISOString().slice(0, 19)}Z</TimestampForSignature>
  <Payload>${payload}</Payload>
</CriticalDocument>
`
  return signBytes(Buffer.from(text), signer)
}

/**
 * One try. Throws DeliveryRefused for the receiver's no, which ends it unless an operator can
 * change that, and what keeps it queued: `receipt-invalid`, `log-rewritten`, `clocks-apart`, and
 * the Faults of our certificates and of the server.
 */
export async function tryAnnouncement(
  announced: Announced,
  gateway: SendingGateway,
  signal: AbortSignal,
): Promise<TriedAnnouncement> {
  try {
    const tried = await exchange(announced, gateway, signal)
    if ('reason' in tried) await keepState(gateway.data, { ...announced, reason: tried.reason })
    return tried
  } catch (error) {
    const { code, detail } = asFault(error)
    const isFinal = error instanceof DeliveryRefused && faultRow(error.problem.code).asAnswer !== 'operator'
    const state = isFinal ? 'refused' : 'queued'
    await keepState(gateway.data, { ...announced, state, reason: `${code}: ${detail}` })
    throw error
  }
}

type Signed = { readonly octets: Buffer; readonly document: VerifiedDocument }

async function exchange(
  announced: Announced,
  gateway: SendingGateway,
  signal: AbortSignal,
): Promise<TriedAnnouncement> {
  const { clock, data } = gateway
  checkOurCertificates(gateway)
  const link = openLink(new URL(announced.url), announced.receiver, gateway)
  const [kept, isFresh] = await readSigned(announced, gateway)
  try {
    return await post(announced, kept, link, gateway, signal)
  } catch (error) {
    if (isFresh || !isStale(error)) throw error
    // The receiver accepted none of these bytes: it looks for them before it judges their time.
    const octets = await signAnnouncement(announced, gateway)
    await keepAnnouncement(data, announced, octets)
    const renewed = { octets, document: verifyDocument(octets, gateway.signer.certificate) }
    return await post(announced, renewed, link, gateway, signal).catch(again => {
      if (!isStale(again)) throw again
      throw clocksApart({ ours: clock.now(), theirs: again.answer?.date }, again)
    })
  }
}

/** The bytes as they are kept; new ones when the key that signed them was replaced meanwhile. */
async function readSigned(announced: Announced, gateway: SendingGateway): Promise<[Signed, isFresh: boolean]> {
  const { certificate } = gateway.signer
  const kept = readAnnounced(gateway.data, announced)
  try {
    return [{ octets: kept, document: verifyDocument(kept, certificate) }, false]
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const octets = await signAnnouncement(announced, gateway)
    await keepAnnouncement(gateway.data, announced, octets)
    return [{ octets, document: verifyDocument(octets, certificate) }, true]
  }
}

async function post(
  announced: Announced,
  { octets, document }: Signed,
  link: Link,
  gateway: SendingGateway,
  signal: AbortSignal,
): Promise<TriedAnnouncement> {
  const { clock, data, signer, witness } = gateway
  const body = { bytes: octets.length, read: () => toPieces(octets), path: '/v1/rollover' } as const
  const posted: Posted = await postDocument(body, link, { signal, now: clock.now })
  if (!('accepted' in posted)) return posted
  const receipt = receiptOf(posted.accepted)
  const sha256 = createHash('sha256').update(octets).digest()
  const serverId = gatewayId(posted.accepted.server)
  const delivered = { bytes: octets.length, sha256, document, signer: signer.certificate, serverId }
  const trust = trustFor(announced.receiver, gateway)
  const checked = checkReceipt(receipt, delivered, trust, clock.now())
  const doubt = await witness.demand({ tree: checked.tree, verifiers: trust.logs, receipt, link, signal })
  if (doubt !== undefined) return { reason: doubt.reason, retryAfter: 0 }
  const accepted = { ...announced, acceptedAt: checked.acceptedAt, state: 'accepted', reason: null } as const
  await keepReceiptOf(data, accepted, receipt)
  return { announced: accepted }
}

function isStale(error: unknown): error is DeliveryRefused {
  return error instanceof DeliveryRefused && error.problem.code === 'timestamp-stale'
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
