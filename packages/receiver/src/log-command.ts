// `receiver log verify`: everything recomputed from the documents up, and the first thing named that does not fit.
import { isatty } from 'node:tty'
import { type Command, Fault, openOutput, quote, readSettings, standardError } from '@seg/core'
import { type AcceptedDocument, type CheckReceipt, type VerifiedLedger, verifyLedger } from '@seg/ledger'
import { checkCertificateAt, gatewayId, loadTrust, loadVerifierKeys, type Trust } from '@seg/pki'
import { type ReceiptFacts, verifyReceipt } from '@seg/xmldsig'
import { openOriginCheck } from './verify-origin.ts'

/** Milliseconds between two lines of progress on a terminal. */
const PROGRESS_TIME = 500

export async function runLogVerify(_options: object, command: Command): Promise<void> {
  const output = openOutput(command)
  const { certs, data } = readSettings(command, ['certs', 'data'])
  const trust = await loadTrust(certs)
  const verifierKeys = await loadVerifierKeys(certs)
  const verification = verifyLedger(data, verifierKeys.join('\n'), {
    checkReceipt: openReceiptCheck(trust),
    checkOrigin: openOriginCheck(trust),
  })
  const isShown = isatty(2) && !output.json
  let shown = performance.now()
  for (let step = await verification.next(); ; step = await verification.next()) {
    if (step.done) {
      if (isShown) standardError.write('\r\u001b[K')
      const { head, ...counts } = step.value
      const root = head.root.toString('base64')
      return output.report({ ok: true, size: head.size, root, ...counts }, describe(step.value, root))
    }
    if (!isShown || performance.now() - shown < PROGRESS_TIME) continue
    shown = performance.now()
    standardError.write(`\r\u001b[K${step.value.entries} of ${step.value.of} entries verified`)
  }
}

function describe({ head, documents, withoutCertificate, erased, checkpoints }: VerifiedLedger, root: string): string {
  return [
    `the log is whole: ${head.size} entries, ${documents} documents with their receipts, ${checkpoints} checkpoints; root ${root}`,
    `${documents - withoutCertificate} documents proven: signed by their senders, with certificates that were valid when they were accepted`,
    ...(withoutCertificate > 0
      ? [`${withoutCertificate} documents not provable: accepted before certificates were kept`]
      : []),
    ...(erased > 0 ? [`${erased} entries with facts erased`] : []),
  ].join('\n')
}

/** A receipt must be the seal's word about this document, by a certificate that was good when it was accepted. */
function openReceiptCheck(trust: Trust): CheckReceipt {
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
