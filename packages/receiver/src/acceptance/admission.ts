// The checks between a document's bytes and its acceptance, in the only order that compiles: the
// signature before anything the document says, a replay before the clock (a retry that arrives late
// still gets its receipt).
import { Fault, quote } from '@seg/core'
import { type VerifiedDocument, Verifier } from '@seg/xmldsig'
import type { ExchangeGate } from '../gate.ts'
import type { Peer } from '../http/peer.ts'
import { canSeal } from '../own-certificates.ts'
import type { ReceivedDocument } from './receive-document.ts'

declare const passed: unique symbol
/**
 * Bytes that passed the checks up to the named one; only the function of that check makes such a
 * value.
 */
type Passed<Check extends string> = {
  readonly [passed]: Check
  readonly received: ReceivedDocument
  readonly facts: VerifiedDocument
}

/** Signed with the key of the peer's certificate. */
export type SignedDocument = Passed<'signature'>
/** From the peer itself, to us. */
export type AddressedDocument = Passed<'parties'>
/** The checks that follow refuse no retry: it is none, or they let it pass. */
export type RetrySafeDocument = Passed<'retry-safe'>
/** Signed shortly before it came. */
export type TimelyDocument = Passed<'timestamp'>
/** As the schema of its type says, where that has one. */
export type ValidDocument = Passed<'schema'>
/**
 * Everything but durable. A `doubt` is an alarm, yet does not keep the document out; `unasked`: why
 * there is no second opinion.
 */
export type AdmittedDocument = Passed<'second-opinion'> & { readonly doubt?: Fault; readonly unasked?: Fault }

type EarlierGate = Pick<ExchangeGate, 'ledger' | 'credentials' | 'refusals' | 'now' | 'secondOpinion'>
export type FirstOrSafe = { readonly isReplay: false; readonly document: RetrySafeDocument }

export type Replay = { readonly isReplay: true; readonly id: string; readonly receipt: Buffer }

/** Throws a Fault `xml-…`, `signature-…`, `envelope-malformed` or `timestamp-malformed`. */
export async function verifyReceived(received: ReceivedDocument): Promise<SignedDocument> {
  let verdict = received.verifier.end()
  while (verdict instanceof Verifier) {
    // The signer used other algorithms than most: a second pass over the staged bytes. Other
    // requests get their turn between two pieces.
    for await (const chunk of received.upload.staging.read()) verdict.write(chunk)
    verdict = verdict.end()
  }
  return { received, facts: verdict } as SignedDocument
}

/**
 * Throws the Fault `document-type` when the receiver does not have the type (any more), or the
 * record of the sender does not name it.
 */
export function checkType({ type }: VerifiedDocument, { id, recognized, credentials }: Peer): void {
  const { types } = credentials.documents
  if (!types.some(({ name }) => name === type))
    throw new Fault('document-type', `the type ${quote(type)} is not in \`documents\` of seg.yaml any more`)
  const allowed = recognized.partner?.documents
  if (allowed === undefined || allowed.includes(type)) return
  const names = allowed.map(quote).join(', ') || 'none'
  throw new Fault('document-type', `expected of ${quote(id)} a document of ${names}, found one of ${quote(type)}`)
}

/** Throws the Fault `sender-mismatch`, `receiver-mismatch` or `document-type`. */
export function checkParties({ received, facts }: SignedDocument, ourId: string): AddressedDocument {
  const { peer } = received
  if (facts.senderId !== peer.id) {
    throw new Fault(
      'sender-mismatch',
      `expected SenderID ${quote(peer.id)} as in the client certificate, found ${quote(facts.senderId)}`,
    )
  }
  if (facts.receiverId !== ourId)
    throw new Fault('receiver-mismatch', `expected ReceiverID ${quote(ourId)}, found ${quote(facts.receiverId)}`)
  checkType(facts, peer)
  return { received, facts } as AddressedDocument
}

/**
 * The stored receipt when these very bytes were accepted before. Throws the Fault
 * `document-id-conflict` when others were, under this id. The ledger decides which it is, here and
 * when it accepts a document; it is asked here only where a check in between could refuse a retry.
 */
export async function findEarlier(
  { facts, received }: AddressedDocument,
  begin: Date,
  gate: EarlierGate,
  clockSkew: number,
): Promise<Replay | FirstOrSafe> {
  const { ledger, refusals, now } = gate
  const { senderId: sender, id } = facts
  const isSafe =
    gate.secondOpinion.mode === 'off' &&
    !received.peer.credentials.documents.schemas.has(facts.type) &&
    isTimely(facts, begin, clockSkew) &&
    canSeal(gate.credentials.current, begin)
  if (isSafe || (await ledger.find(sender, id)) === undefined)
    return { isReplay: false, document: { received, facts } as RetrySafeDocument }
  const met = { sender, id, sha256: received.sha256, acceptedAt: now().toISOString() }
  const receipt = await refusals.limitConflicts(sender, options => ledger.acceptAgain(met, options))
  return { isReplay: true, id, receipt }
}

/**
 * The same for a document that will not be accepted: nothing is written, not even of a conflict.
 * Throws the Fault `document-id-conflict`.
 */
export async function lookForEarlier(
  { facts, received }: AddressedDocument,
  { ledger }: Pick<ExchangeGate, 'ledger'>,
): Promise<{ readonly isReplay: true; readonly id: string } | FirstOrSafe> {
  const { senderId, id } = facts
  const earlier = await ledger.find(senderId, id)
  if (earlier === undefined) return { isReplay: false, document: { received, facts } as RetrySafeDocument }
  if (earlier.sha256 === received.sha256) return { isReplay: true, id }
  throw new Fault('document-id-conflict', `${quote(id)} was accepted at ${earlier.acceptedAt} with other bytes`)
}

/**
 * Throws the Fault `timestamp-stale` for a document signed more than `clockSkew` seconds before or
 * after `begin`, when its request came: a large one may be on its way for hours.
 */
export function checkTimestamp({ received, facts }: RetrySafeDocument, begin: Date, clockSkew: number): TimelyDocument {
  if (!isTimely(facts, begin, clockSkew)) {
    const seconds = secondsBetween(facts, begin)
    const side = seconds < 0 ? 'before' : 'after'
    throw new Fault(
      'timestamp-stale',
      `expected a time within ${clockSkew} s of ${begin.toISOString()}, ` +
        `found ${facts.timestamp}, ${Math.abs(seconds)} s ${side}`,
    )
  }
  return { received, facts } as TimelyDocument
}

/**
 * Throws the Faults `schema-invalid` and `schema-unavailable`, `document-too-large` for one that no
 * schema is asked about, and `rate-limit` and `overloaded`.
 */
export async function checkSchema({ received, facts }: TimelyDocument): Promise<ValidDocument> {
  const { peer, bytes, upload } = received
  const { schemas } = peer.credentials.documents
  if (schemas.has(facts.type))
    await schemas.check(peer.id, facts.type, bytes, async () =>
      Buffer.concat(await Array.fromAsync(upload.staging.read())),
    )
  return { received, facts } as ValidDocument
}

function isTimely(facts: VerifiedDocument, begin: Date, clockSkew: number): boolean {
  return Math.abs(secondsBetween(facts, begin)) <= clockSkew
}

function secondsBetween({ signedAt }: VerifiedDocument, begin: Date): number {
  return (signedAt - begin.getTime()) / 1000
}
