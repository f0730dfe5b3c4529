// `POST /v1/rollover`: a partner announces its next certificate in a document that is signed with
// the present one. It is accepted as each document is, with an entry of the log and a receipt; then
// the certificate counts, or waits for an operator.
import type { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { quote } from '@seg/core'
import { LARGEST_ANNOUNCEMENT, readAnnouncement } from '@seg/xmldsig'
import { type Judged, judgeDocument, uploaderOf } from '../acceptance/accept-document.ts'
import { findEarlier } from '../acceptance/admission.ts'
import type { DocumentAccount } from '../acceptance/document-account.ts'
import { type Acceptance, recordDocument } from '../acceptance/record-document.ts'
import type { ExchangeGate } from '../gate.ts'
import { identifyPeer, type Peer } from '../http/peer.ts'
import { toFault } from '../http/problem.ts'
import type { Logger } from '../logger.ts'
import { checkRoom, findReceived, keepReceived, type Received } from './announcements.ts'
import { checkTimes, planRollover } from './plan-rollover.ts'
import { takeCertificate } from './take-certificate.ts'

type Logging = ExchangeGate & { readonly logger: Pick<Logger, 'info' | 'error'> }

/** Throws the Faults of `acceptDocument`, `readAnnouncement`, `checkTimes` and `planRollover`. */
export async function acceptAnnouncement(
  peer: Peer,
  request: IncomingMessage,
  gate: Logging,
  account: DocumentAccount,
): Promise<Acceptance> {
  const begin = gate.now()
  account.from(peer)
  await using upload = await gate.uploads.beginProbe(gate.ledger, uploaderOf(peer, request))
  await checkRoom(gate.data, peer.id, begin)
  let octets: Buffer[] = []
  let signers: readonly X509Certificate[] = []
  const onCanonical = () => {
    octets = []
    return (chunk: Uint8Array) => void octets.push(Buffer.from(chunk))
  }
  const documentBytes = Math.min(gate.limits.documentBytes, LARGEST_ANNOUNCEMENT)
  const small = { ...gate, limits: { ...gate.limits, documentBytes } }
  const find: typeof findEarlier = (document, ...rest) => {
    signers = document.received.signer.path
    sha256 = document.received.sha256
    return findEarlier(document, ...rest)
  }
  let sha256 = ''
  const judged = await judgeDocument(peer, request, { upload, begin, findEarlier: find, onCanonical }, small, account)
  const given = { peer, request, judged, sha256, signers, canonical: Buffer.concat(octets) }
  return await gate.inTurn(`rollover ${peer.id}`, () => settle(given, gate))
}

type Given = {
  readonly peer: Peer
  readonly request: IncomingMessage
  readonly judged: Judged<Acceptance & { readonly isReplay: true }>
  readonly sha256: string
  readonly signers: readonly X509Certificate[]
  readonly canonical: Buffer
}

/** One at a time for each partner: copies that come at once are one announcement. */
async function settle(
  { peer, request, judged, sha256, signers, canonical }: Given,
  gate: Logging,
): Promise<Acceptance> {
  const record = async () => (judged.isReplay ? judged : await recordDocument(judged, gate))
  // Independent of the decision since then: the same bytes do nothing twice.
  const earlier = await findReceived(gate.data, peer.id, sha256)
  if (earlier !== undefined) {
    // A crash came between.
    if (earlier.state === 'waiting' && earlier.reason === undefined) await take(earlier, gate)
    return record()
  }
  const announcement = readAnnouncement(canonical)
  const now = gate.now()
  // The peer as it is now: `judgeDocument` has confirmed it.
  const { recognized, credentials } = identifyPeer(request.socket, gate.credentials, now)
  const present = { tls: [peer.certificate, ...peer.recognized.path.slice(1)], sign: signers }
  checkTimes(announcement, now)
  planRollover(announcement, peer.id, present, credentials.policy, now)
  // Crash after: it is in the ledger, and its sender, who has no receipt, sends it again.
  const acceptance = await record()
  const known = { sender: peer.id, document: acceptance.id, sha256, announcement, present, at: now }
  const needsApproval = recognized.partner?.needsApproval === true
  const received: Received = { ...known, state: 'waiting', ...(needsApproval && { reason: 'its record asks for it' }) }
  // Crash after: the entry is there, and comes once more with the same bytes.
  await enter('rollover-announced', peer.id, gate)
  await keepReceived(gate.data, received)
  if (!needsApproval) await take(received, gate)
  return acceptance
}

/** What keeps it from being taken is for an operator: the announcement itself is accepted. */
async function take(received: Received, gate: Logging): Promise<void> {
  const { logger } = gate
  const { sender, announcement } = received
  const name = `the next certificate of ${quote(sender)} (SHA-256 ${announcement.certificate.fingerprint256})`
  try {
    const { file, policy } = gate.credentials.current
    const plan = planRollover(announcement, sender, received.present, policy, gate.now())
    if (plan !== undefined) await takeCertificate(file, received, policy, gate.now())
    await keepReceived(gate.data, { ...received, state: 'taken' })
    logger.info({ sender }, `${name} counts from ${new Date(announcement.from).toISOString()}`)
    await enter('rollover-taken', sender, gate)
  } catch (error) {
    const { code, detail } = toFault(error)
    const reason = `${code}: ${detail}`
    await keepReceived(gate.data, { ...received, reason })
    logger.error({ code, sender }, `${name} waits for \`receiver rollover accept\`: ${reason}`)
  }
}

async function enter(action: string, subject: string, { ledger, now, logger }: Logging): Promise<void> {
  try {
    await ledger.record({ type: 'admin', at: now().toISOString(), action, subject, by: 'partner' })
  } catch (error) {
    logger.error({ code: toFault(error).code }, `${action} has no entry in the log: ${toFault(error).detail}`)
  }
}
