// Loaded by the ledger's writer: receipts are sealed in its thread, in the transaction that makes
// their documents durable.
import { type KeyObject, X509Certificate } from 'node:crypto'
import type { SealableAcceptance } from '@seg/ledger'
import { openReceiptSeal } from '@seg/xmldsig'

export type SealingData = { readonly receiverId: string; readonly certificatePem: string; readonly key: KeyObject }

export function openSealer({
  receiverId,
  certificatePem,
  key,
}: SealingData): (acceptance: SealableAcceptance) => Buffer {
  const seal = openReceiptSeal({ key, certificate: new X509Certificate(certificatePem) })
  return ({ sender, id, sha256, referenceDigest, acceptedAt, index, treeSize, leaf, opening, proof, checkpoint }) =>
    seal({
      receiverId,
      senderId: sender,
      documentId: id,
      documentDigest: Buffer.from(sha256, 'hex'),
      referenceDigest: Buffer.from(referenceDigest, 'base64'),
      acceptedAt,
      logEntry: { index, treeSize, leaf, opening, proof, checkpoint },
    })
}
