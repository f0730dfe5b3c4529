// Loaded by the ledger's writer: receipts are sealed in its thread, in the transaction that makes
// their documents durable.
import { KeyObject, X509Certificate } from 'node:crypto'
import { asFault, Fault } from '@seg/core'
import type { SealableAcceptance } from '@seg/ledger'
import { openReceiptSeal } from '@seg/xmldsig'
import { openBlockingKey, type TokenPlace } from './blocking-token-key.ts'

export type SealingData = {
  readonly receiverId: string
  readonly certificatePem: string
  readonly key: KeyObject | TokenPlace
}

/** Of the seal in use: a writer has one. */
let token: ReturnType<typeof openBlockingKey> | undefined

export function openSealer({
  receiverId,
  certificatePem,
  key,
}: SealingData): (acceptance: SealableAcceptance) => Buffer {
  const certificate = new X509Certificate(certificatePem)
  token?.end()
  token = key instanceof KeyObject ? undefined : openBlockingKey(key)
  const seal =
    key instanceof KeyObject
      ? openReceiptSeal({ key, certificate })
      : whileItSigns(openReceiptSeal({ key: token!, certificate }))
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

/**
 * A token that does not sign is no fault of the document: it is not accepted, and may come again.
 */
function whileItSigns<Facts>(seal: (facts: Facts) => Buffer): (facts: Facts) => Buffer {
  return facts => {
    try {
      return seal(facts)
    } catch (cause) {
      throw new Fault('seal-unavailable', `${asFault(cause).detail}; nothing is accepted until it signs`, { cause })
    }
  }
}
