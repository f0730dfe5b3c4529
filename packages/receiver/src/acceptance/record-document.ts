// The last step: document, log entry and receipt become durable together.
import type { Gate } from '../gate.ts'
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

/**
 * Durable when it resolves. Throws the Fault `document-id-conflict`, `seal-unavailable`,
 * `overloaded` or `storage-unavailable`.
 */
export async function recordDocument(
  { facts, received }: AdmittedDocument,
  acceptedAt: Date,
  gate: Gate,
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
