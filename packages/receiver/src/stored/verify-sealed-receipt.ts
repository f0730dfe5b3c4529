// Verifies a stored receipt against its document: it must seal exactly this one, by a certificate
// that was good when it was accepted.
import { Fault, quote } from '@seg/core'
import type { AcceptedDocument, CheckReceipt } from '@seg/ledger'
import { checkCertificateAt, gatewayId, type Trust } from '@seg/pki'
import { type ReceiptFacts, verifyReceipt } from '@seg/xmldsig'

export function openReceiptCheck(trust: Trust): CheckReceipt {
  return (receipt, document) => {
    const facts = verifyReceipt(receipt, certificate =>
      checkCertificateAt(certificate, 'seal', trust, new Date(document.acceptedAt)),
    )
    checkFacts(facts, gatewayId(facts.certificate), document)
    return facts.logEntry
  }
}

function checkFacts(facts: ReceiptFacts, sealId: string, document: AcceptedDocument): void {
  const pairs: readonly (readonly [what: string, found: string, expected: string])[] = [
    ['ReceiverID', facts.receiverId, sealId],
    ['SenderID', facts.senderId, document.sender],
    ['DocumentID', facts.documentId, document.id],
    ['DocumentDigest', facts.documentDigest.toString('hex'), document.sha256],
    ['ReferenceDigest', facts.referenceDigest.toString('base64'), document.referenceDigest],
    ['AcceptedAt', facts.acceptedAt, document.acceptedAt],
  ]
  for (const [what, found, expected] of pairs) {
    if (found !== expected) throw new Fault('receipt-invalid', `${what} is ${quote(found)}, not ${quote(expected)}`)
  }
}
