// The last step: document, log entry and receipt become durable together.
import { Fault } from '@seg/core'
import type { ExchangeGate } from '../gate.ts'
import { checkSeal } from '../own-certificates.ts'
import type { AdmittedDocument } from './admission.ts'
import { chainOf } from './sender-chain.ts'

export type Acceptance = {
  /** Whether the document was accepted before; the receipt is then the first one. */
  readonly isReplay: boolean
  /** The document's id. */
  readonly id: string
  readonly receipt: Buffer
  /** Of its entry in the log, and the time of that; undefined for some replays. */
  readonly entry?: { readonly index: number; readonly at: number }
}

/** All that was decided of a document that is to be accepted, and when. */
export type JudgedDocument = {
  readonly isReplay: false
  readonly admitted: AdmittedDocument
  readonly acceptedAt: Date
  /**
   * That it is to be accepted by what is in use now; the time of that. Throws the Faults of the
   * checks of its sender.
   */
  confirmAgain(): Date
}

/**
 * What the process with the ledger throws when its credentials were replaced while the document was
 * on its way there: these are in use here now, too.
 */
export class CredentialsReplaced extends Error {}

/** Replacements while one document is recorded. */
const MOST_REPLACED = 16

/**
 * Durable when it resolves. Throws the Fault `document-id-conflict`, `seal-unavailable`,
 * `overloaded` or `storage-unavailable`.
 */
export async function recordDocument(judged: JudgedDocument, gate: ExchangeGate): Promise<Acceptance> {
  let { acceptedAt } = judged
  for (let replaced = 0; ; replaced++) {
    try {
      return await recordAt(acceptedAt, judged, gate)
    } catch (error) {
      if (!(error instanceof CredentialsReplaced)) throw error
      if (replaced === MOST_REPLACED) throw new Fault('overloaded', 'credentials are replaced all the time')
      acceptedAt = judged.confirmAgain()
    }
  }
}

async function recordAt(
  acceptedAt: Date,
  { admitted: { facts, received } }: JudgedDocument,
  gate: ExchangeGate,
): Promise<Acceptance> {
  // The receipt is judged by the time that it names.
  checkSeal(gate.credentials.current, acceptedAt)
  const document = {
    sender: facts.senderId,
    id: facts.id,
    acceptedAt: acceptedAt.toISOString(),
    bytes: received.bytes,
    sha256: received.sha256,
    referenceDigest: facts.signature.digest.toString('base64'),
    chain: chainOf(received.signer.path),
  }
  try {
    const { index, replay, receipt } = await gate.refusals.limitConflicts(facts.senderId, options =>
      gate.ledger.accept(document, received.upload.staging, options),
    )
    if (!replay) {
      received.upload.keep()
      gate.sealing.signed()
    }
    return { isReplay: replay, id: facts.id, receipt, entry: { index, at: acceptedAt.getTime() } }
  } catch (error) {
    gate.sealing.failed(error)
    throw error
  }
}
