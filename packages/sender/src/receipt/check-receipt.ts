// Whether a receipt proves that the receiver accepted exactly this document. Nothing counts as
// delivered before; the same function decides at delivery and years later.
import { hash, type X509Certificate } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import { checkSealAt, gatewayId } from '@seg/pki'
import { type ReceiptFacts, type VerifiedDocument, verifyReceipt } from '@seg/xmldsig'
import { checkLogEntry, type ReceiptTrust, readAcceptance, type ShownTree } from './check-log-entry.ts'

/** Milliseconds that the receiver's clock may differ from ours, or from the signer's. */
const CLOCKS_OFF = 3_600_000
/**
 * Milliseconds from the document's own time to its acceptance: a large one may be in transit for
 * days, and no receiver takes an old one.
 */
const LONGEST_WAY = 7 * 24 * 3_600_000

/**
 * A receipt that holds, the seal certificate that made it, and the tree of the receiver's log that
 * it shows.
 */
export type CheckedReceipt = ReceiptFacts & { readonly certificate: X509Certificate; readonly tree: ShownTree }

/**
 * What the receipt must say: length and SHA-256 of the exact bytes, what they sign, and who took
 * them, when that was seen.
 */
export type Delivered = {
  readonly bytes: number
  readonly sha256: Buffer
  readonly document: VerifiedDocument
  /** Certificate that the document verifies with. */
  readonly signer: X509Certificate
  readonly serverId?: string
}

/**
 * Checks all that a receipt says against the document and against time: the seal is judged at the
 * time of acceptance, since a receipt outlives the certificate that made it and a replay gets the
 * first one; and that time must be possible for this document, and not lie ahead of `now`. Throws
 * Fault `receipt-invalid`, with what was expected and found.
 */
export function checkReceipt(
  receipt: Uint8Array,
  { bytes, sha256, document, signer, serverId = document.receiverId }: Delivered,
  trust: ReceiptTrust,
  now: Date,
): CheckedReceipt {
  const facts = openReceipt(receipt, trust)
  expectSame('the receiver', facts.receiverId, document.receiverId)
  expectSame('the receiver', facts.receiverId, serverId)
  expectSame('the sender', facts.senderId, document.senderId)
  expectSame('the document id', facts.documentId, document.id)
  expectSame('the SHA-256 digest of the document', facts.documentDigest.toString('hex'), sha256.toString('hex'))
  expectSame('the Reference digest', facts.referenceDigest.toString('hex'), document.signature.digest.toString('hex'))
  const { bytes: length, certificate } = readAcceptance(facts.logEntry)
  expectSame('the length of the document', String(length), String(bytes))
  // Entries of the log's first version do not name it.
  if (certificate !== null) expectSame("the signer's certificate", certificate, hash('sha256', signer.raw, 'base64'))
  checkTime(facts, document, now)
  return facts
}

/**
 * Checks again a receipt that was believed when it came: that it is for the bytes with this
 * SHA-256, of a seal of our CA, and proves its entry in the log.
 */
export function checkStoredReceipt(receipt: Uint8Array, sha256: Buffer, trust: ReceiptTrust): CheckedReceipt {
  const facts = openReceipt(receipt, trust)
  expectSame('the SHA-256 digest of the document', facts.documentDigest.toString('hex'), sha256.toString('hex'))
  return facts
}

function openReceipt(receipt: Uint8Array, trust: ReceiptTrust): CheckedReceipt {
  const facts = verifyReceipt(receipt, () => {})
  asReceiptFault(() => checkSealAt(facts.certificate, trust, new Date(facts.acceptedAt)))
  expectSame(
    "the seal certificate's owner",
    asReceiptFault(() => gatewayId(facts.certificate)),
    facts.receiverId,
  )
  return { ...facts, tree: asReceiptFault(() => checkLogEntry(facts, trust.logs)) }
}

/**
 * A receipt may be as old as the document, when it is that of a replay; its entry of the log has
 * the same time (check-log-entry.ts).
 */
function checkTime({ acceptedAt }: ReceiptFacts, { signedAt, timestamp }: VerifiedDocument, now: Date): void {
  const accepted = Date.parse(acceptedAt)
  const isPossible = accepted >= signedAt - CLOCKS_OFF && accepted <= signedAt + LONGEST_WAY
  if (!isPossible)
    throw new Fault(
      'receipt-invalid',
      `the time of acceptance ${acceptedAt} is not possible: the document was signed at ${timestamp}`,
    )
  if (!(accepted <= now.getTime() + CLOCKS_OFF))
    throw new Fault(
      'receipt-invalid',
      `the time of acceptance ${acceptedAt} lies ahead: our clock says ${now.toISOString()}`,
    )
}

/**
 * For any error in a receipt or its certificate, the receipt is what does not verify (exit
 * code 6).
 */
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
