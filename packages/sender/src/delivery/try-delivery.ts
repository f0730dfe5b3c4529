// One try to deliver a leased entry of the outbox, from its bytes to a receipt that is believed.

import { Fault, faultRow, faults, quote } from '@seg/core'
import { type LeasedEntry, LeaseLost, type OutboxEntry } from '@seg/ledger'
import { readFilePieces } from '../document/document-file.ts'
import { signTemplate } from '../document/sign-template.ts'
import { readSignedFile, type SignedFacts } from '../document/signed-document.ts'
import { openUnsigned } from '../document/unsigned-document.ts'
import type { Answer, Link } from '../exchange/connection.ts'
import { type Later, postDocument, type TryLimits } from '../exchange/post-document.ts'
import { DeliveryRefused } from '../exchange/problem.ts'
import { bringDocument } from '../files/bring-document.ts'
import { openDeliveryFiles } from '../files/delivery-files.ts'
import type { AttemptRecord } from './attempt-record.ts'
import { clocksApart, helpsToSignAfresh, mayBecomeTimely } from './clocks-apart.ts'
import { type Found, findAccepted, type Others } from './earlier-bytes.ts'
import { type Delivery, documentPathOf, type SendingGateway } from './gateway.ts'
import { checkOurCertificates, openLink } from './open-link.ts'
import { describeDocument } from './queue-document.ts'
import { type Taken, takeReceipt } from './take-receipt.ts'
import { traceTry } from './trace-delivery.ts'

/** The entry is settled and its lease ended, or (`later`) it is as it was, and still leased. */
export type TryOutcome =
  | { readonly kind: 'delivered'; readonly delivery: Delivery }
  | { readonly kind: 'refused'; readonly fault: DeliveryRefused }
  /** The same may well succeed in a while. */
  | ({ readonly kind: 'later' } & Later)
  /** An operator must fix something first, at the sender or at the receiver. */
  | { readonly kind: 'stuck'; readonly fault: Fault; readonly concernsReceiver: boolean }
  /** Another process has the entry now, and nothing of this try was written to it. */
  | { readonly kind: 'lost'; readonly fault: LeaseLost }

type Limits = Omit<TryLimits, 'now'> & { readonly attempt: AttemptRecord }

/**
 * `known` spares reading a document that was just signed. Throws what is no Fault, and then the
 * entry is still leased.
 */
export async function tryDelivery(
  entry: LeasedEntry,
  gateway: SendingGateway,
  limits: Limits,
  known?: SignedFacts,
): Promise<TryOutcome> {
  return settleOrKeep(entry, gateway, limits, known).catch(error => {
    if (error instanceof LeaseLost) return { kind: 'lost', fault: error }
    throw error
  })
}

async function settleOrKeep(
  entry: LeasedEntry,
  gateway: SendingGateway,
  limits: Limits,
  known: SignedFacts | undefined,
): Promise<TryOutcome> {
  const { attempt } = limits
  try {
    const isKnown = known?.sha256.toString('hex') === entry.document.sha256
    const taken = await exchange(entry, known && isKnown ? known : await readKept(entry, gateway), gateway, limits)
    if (taken.kind === 'later') attempt.answered(taken.answer)
    return taken
  } catch (fault) {
    if (!(fault instanceof Fault) || fault instanceof LeaseLost) throw fault
    attempt.answered(answerBehind(fault))
    if (!(fault instanceof DeliveryRefused))
      return { kind: 'stuck', fault, concernsReceiver: faultRow(fault.code).lacks !== 'document' }
    // The receiver refused our certificate, say: nothing is known about this document.
    if (faultRow(fault.problem.code).asAnswer === 'operator') return { kind: 'stuck', fault, concernsReceiver: true }
    const { code, sentence } = fault.problem
    // Crash before: the next try is refused again. After: final.
    const reason = { code, detail: sentence, at: gateway.clock.now().getTime() }
    await gateway.outbox.refuse(entry, reason, attempt.facts())
    return { kind: 'refused', fault }
  }
}

/** Of the refusal that a fault was made of, if it was. */
function answerBehind(fault: unknown): Answer | undefined {
  if (!(fault instanceof Fault)) return undefined
  return fault instanceof DeliveryRefused && fault.answer !== undefined ? fault.answer : answerBehind(fault.cause)
}

async function readKept({ document }: OutboxEntry, gateway: SendingGateway): Promise<SignedFacts> {
  const path = documentPathOf(document, gateway)
  await bringDocument(document, gateway.data, gateway.outbox.documents)
  const facts = await readSignedFile(path, gateway.signer.certificate, gateway)
  const found = facts.sha256.toString('hex')
  if (found === document.sha256) return facts
  throw new Fault(
    'file-unreadable',
    `${path} is not what was queued: expected SHA-256 ${document.sha256}, found ${found}`,
  )
}

async function exchange(
  entry: LeasedEntry,
  kept: SignedFacts,
  gateway: SendingGateway,
  limits: Limits,
): Promise<Taken> {
  checkOurCertificates(gateway)
  warnOfForeignSender(kept, gateway)
  const { own } = entry.document
  const { document } = kept
  const receiverId = document instanceof Fault ? entry.document.receiverId : document.receiverId
  const { connected: onConnected } = limits.attempt
  const link = { ...openLink(new URL(entry.receiver), receiverId, gateway), onConnected }
  // Bytes signed with a certificate that was replaced can only be refused now, but may have been
  // accepted before.
  if (kept.document instanceof Fault && own) return exchangeAfresh(entry, link, gateway, limits)
  try {
    return await post(entry, kept, link, gateway, limits)
  } catch (refusal) {
    if (!(refusal instanceof DeliveryRefused) || refusal.answer === undefined) throw refusal
    limits.attempt.answered(refusal.answer)
    return await answerRefusal(refusal, { entry, kept, link }, gateway, limits)
  }
}

type Refused = { readonly entry: LeasedEntry; readonly kept: SignedFacts; readonly link: Link }

/** A refusal may be caused by an earlier acceptance or a wrong clock; throws it otherwise. */
async function answerRefusal(
  refusal: DeliveryRefused,
  { entry, kept, link }: Refused,
  gateway: SendingGateway,
  limits: Limits,
): Promise<Taken> {
  if (!isStale(refusal)) {
    const found = await findAccepted(entry, link, gateway, limits).catch(error => {
      // A second refusal adds nothing to the first.
      if (error instanceof DeliveryRefused) throw refusal
      throw error
    })
    return taken(found, refusal)
  }
  const { own } = entry.document
  const clocks = { ours: gateway.clock.now(), theirs: refusal.answer?.date }
  if (!own?.fillsTime) {
    const found = await findAccepted(entry, link, gateway, limits)
    return taken(found, mayBecomeTimely(kept.document, clocks) ? clocksApart(clocks, refusal) : refusal)
  }
  if (!(kept.document instanceof Fault) && !helpsToSignAfresh(entry, kept.document.signedAt, clocks))
    throw clocksApart(clocks, refusal)
  gateway.note(`${quote(entry.file)}: the timestamp has become stale on the way: signing again`)
  return exchangeAfresh(entry, link, gateway, limits)
}

function taken(found: Found, otherwise: Fault): Taken {
  if (found.kind === 'others') throw explainOthers(found, otherwise)
  if (found.kind === 'none') throw otherwise
  return found
}

/** A sender that was restored from a backup has not the bytes that it sent since. */
function explainOthers({ sha256, receiptPath }: Others, refusal: Fault): Fault {
  if (!(refusal instanceof DeliveryRefused) || refusal.problem.code !== 'document-id-conflict') return refusal
  const bytes = sha256 === undefined ? 'other bytes' : `other bytes (SHA-256 ${sha256})`
  const sentence =
    `${refusal.problem.sentence} The receiver's receipt is for ${bytes}, which this outbox does not have: ` +
    `was it restored from a backup? The receipt is kept in ${receiptPath}.`
  return new DeliveryRefused({ ...refusal.problem, sentence }, { cause: refusal })
}

/**
 * New bytes for the same document, once the receiver has said that it accepted none of those
 * before.
 */
async function exchangeAfresh(entry: LeasedEntry, link: Link, gateway: SendingGateway, limits: Limits): Promise<Taken> {
  const { outbox, signer, clock, data, types, meter } = gateway
  const { own } = entry.document
  if (own === undefined) throw new TypeError('only what we signed can be signed again')
  const found = await findAccepted(entry, link, gateway, limits)
  if (found.kind === 'delivered' || found.kind === 'later') return found
  if (found.kind === 'others') throw explainOthers(found, new DeliveryRefused(idTaken))
  const files = openDeliveryFiles(data, entry.delivery, outbox.documents)
  await using unsigned = await openUnsigned(documentPathOf(entry.document, gateway), own, meter)
  const { outline } = unsigned
  const template = { ...unsigned.template, types }
  const signed = await signTemplate(template, outline, signer, clock.now(), pieces => files.keepDocument(pieces))
  // Crash before: the old bytes are refused once more, and signed again then. After: the new ones
  // go out on every try. The old ones stay.
  const replaced = await outbox.replaceDocument(entry, describeDocument(signed.kept, signed.facts, signed.own))
  try {
    return await post(replaced, signed.facts, link, gateway, limits)
  } catch (error) {
    if (!(error instanceof DeliveryRefused) || error.answer === undefined) throw error
    // Who lost the lease may have been sending the bytes of before all the time.
    if (!isStale(error))
      return await answerRefusal(error, { entry: replaced, kept: signed.facts, link }, gateway, limits)
    if (!own.fillsTime) throw error
    throw clocksApart({ ours: clock.now(), theirs: error.answer.date }, error)
  }
}

const idTaken = {
  code: 'document-id-conflict',
  sentence: faults['document-id-conflict'].sentence,
} as const

async function post(
  entry: LeasedEntry,
  signed: SignedFacts,
  link: Link,
  gateway: SendingGateway,
  limits: Limits,
): Promise<Taken> {
  const { clock, meter } = gateway
  const path = documentPathOf(entry.document, gateway)
  const body = { bytes: signed.bytes, read: () => readFilePieces(path, 'sending', meter) }
  return traceTry(entry, gateway, async traceParent => {
    const posted = await postDocument({ ...body, traceParent }, link, { ...limits, now: clock.now })
    if (!('accepted' in posted)) return { kind: 'later', ...posted }
    return takeReceipt(posted.accepted, { entry, signed, link }, gateway, limits)
  })
}

function warnOfForeignSender({ document }: SignedFacts, { identity, note }: SendingGateway): void {
  if (document instanceof Fault || document.senderId === identity.id) return
  note(
    `warning: the document names the sender ${quote(document.senderId)}, but our certificate is ${quote(identity.id)}`,
  )
}

function isStale(error: unknown): error is DeliveryRefused {
  return error instanceof DeliveryRefused && error.problem.code === 'timestamp-stale'
}
