// The last step: seal the receipt and make both durable together.
import { openReceiptSeal } from '@seg/xmldsig'
import type { AdmittedDocument } from './admission.ts'
import type { Gate } from './gate.ts'

export type Acceptance = {
  /** Whether the document was ours already; the receipt is then the first one. */
  readonly isReplay: boolean
  /** The document's id. */
  readonly id: string
  readonly receipt: Buffer
}

/**
 * Durable when it resolves. The receipt is sealed before the document is stored, since the two appear at once; it leaves this process only
 * after. Throws the Fault `document-id-conflict` or `storage-unavailable`.
 */
export async function recordDocument({ facts, received }: AdmittedDocument, gate: Gate): Promise<Acceptance> {
  const acceptedAt = gate.now().toISOString()
  const referenceDigest = facts.signature.digest
  const { senderId, receiverId, id } = facts
  const receiptFacts = { receiverId, senderId, documentId: id, documentDigest: received.digest, referenceDigest, acceptedAt }
  const sealed = openReceiptSeal(gate.seal)(receiptFacts)
  const record = {
    sender: senderId,
    id,
    acceptedAt,
    bytes: received.bytes,
    sha256: received.digest.toString('hex'),
    referenceDigest: referenceDigest.toString('base64'),
  }
  const { replay, receipt } = await gate.store.accept(record, received.upload.staging, sealed)
  return { isReplay: replay, id, receipt }
}
