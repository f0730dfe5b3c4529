// Is this receipt the receiver's word about exactly the document we sent? Nothing counts as delivered before.
import type { X509Certificate } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import { checkCertificate, checkCertificateAt, gatewayId } from '@seg/pki'
import { type ReceiptFacts, type VerifiedDocument, verifyReceipt } from '@seg/xmldsig'
import { checkLogEntry, type ReceiptTrust, type ShownTree } from './check-log-entry.ts'

/** A receipt that holds, the seal certificate that made it, and the tree of the receiver's log that it shows. */
export type CheckedReceipt = ReceiptFacts & { readonly certificate: X509Certificate; readonly tree: ShownTree }

/** What the receipt must say: the SHA-256 of the exact bytes sent, what they sign, and who took them. */
export type Delivered = { readonly sha256: Buffer; readonly document: VerifiedDocument; readonly serverId: string }

/** Checks a receipt just received; throws Fault `receipt-invalid`, with what was expected and found. */
export function checkReceipt(
  receipt: Uint8Array,
  delivered: Delivered,
  trust: ReceiptTrust,
  now: Date,
): CheckedReceipt {
  const facts = openReceipt(receipt, certificate => checkCertificate(certificate, 'seal', trust, now), trust)
  const { sha256, document, serverId } = delivered
  expectSame('the receiver', facts.receiverId, document.receiverId)
  expectSame('the receiver', facts.receiverId, serverId)
  expectSame('the sender', facts.senderId, document.senderId)
  expectSame('the document id', facts.documentId, document.id)
  expectSame('the SHA-256 digest of the document', facts.documentDigest.toString('hex'), sha256.toString('hex'))
  expectSame('the Reference digest', facts.referenceDigest.toString('hex'), document.signature.digest.toString('hex'))
  return facts
}

/**
 * Checks a receipt by itself, as long as anybody wants to: that it is for the bytes with this SHA-256, of a seal of our CA, and proves its entry in
 * the log. The seal certificate is checked at the time of acceptance: a receipt outlives the certificate that made it.
 */
export function checkStoredReceipt(receipt: Uint8Array, sha256: Buffer, trust: ReceiptTrust): CheckedReceipt {
  const facts = openReceipt(receipt, () => {}, trust)
  asReceiptFault(() => checkCertificateAt(facts.certificate, 'seal', trust, new Date(facts.acceptedAt)))
  expectSame('the SHA-256 digest of the document', facts.documentDigest.toString('hex'), sha256.toString('hex'))
  return facts
}

function openReceipt(
  receipt: Uint8Array,
  trustSeal: (certificate: X509Certificate) => void,
  { logs }: ReceiptTrust,
): CheckedReceipt {
  const facts = verifyReceipt(receipt, trustSeal)
  expectSame(
    "the seal certificate's owner",
    asReceiptFault(() => gatewayId(facts.certificate)),
    facts.receiverId,
  )
  return { ...facts, tree: asReceiptFault(() => checkLogEntry(facts, logs)) }
}

/** Whatever is wrong with a receipt or its certificate, the receipt is what does not verify (exit code 6). */
function asReceiptFault<T>(check: () => T): T {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof Fault) || error.code === 'receipt-invalid') throw error
    throw new Fault('receipt-invalid', `${error.code}: ${error.detail}`, { cause: error })
  }
}

function expectSame(what: string, found: string, expected: string): void {
  if (found !== expected)
    throw new Fault('receipt-invalid', `${what} in the receipt is ${quote(found)}, not ${quote(expected)}`)
}
