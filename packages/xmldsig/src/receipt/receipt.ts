// The receipt: the receiver's statement of what it accepted, signed with its seal key
// (docs/receipt.md).
import { X509Certificate } from 'node:crypto'
import { Fault, GATEWAY_ID, quote } from '@seg/core'
import { defaultLimits } from '../limits.ts'
import { readBase64 } from '../signature/base64.ts'
import { checkAttributes, ElementReader, textOf } from '../signature/element-reader.ts'
import { readSignatureElement } from '../signature/signature-element.ts'
import { ownAlgorithms } from '../signature/signed-info.ts'
import { type Element, readTree } from '../signature/tree.ts'
import { DocumentPass } from '../verifying/document-pass.ts'
import { DOCUMENT_ID, readTimestamp } from '../verifying/envelope.ts'
import { Verifier, verifyBytes } from '../verifying/verify.ts'

export type ReceiptFacts = {
  readonly receiverId: string
  readonly senderId: string
  readonly documentId: string
  /** SHA-256 of the document's bytes as received. */
  readonly documentDigest: Buffer
  /** Digest of the document's Reference. */
  readonly referenceDigest: Buffer
  /** Time of acceptance, RFC 3339 in UTC with milliseconds. */
  readonly acceptedAt: string
  readonly logEntry: LogEntry
}

/** Proves that the acceptance is an entry of the receiver's log (docs/log.md). */
export type LogEntry = {
  readonly index: number
  readonly treeSize: number
  /** The entry's octets. */
  readonly leaf: Buffer
  /**
   * What the leaf commits to, and the random octets with which it does; undefined in a receipt
   * whose leaf shows its facts.
   */
  readonly opening: { readonly facts: Buffer; readonly nonce: Buffer } | undefined
  /** Hashes of the inclusion proof, from the leaf up. */
  readonly proof: readonly Buffer[]
  /** The exact text of a signed note. */
  readonly checkpoint: string
}

export const RECEIPT_NAMESPACE = 'urn:seg:receipt:1'
const code = 'receipt-invalid'
const limits = { ...defaultLimits, documentBytes: 256 * 1024 }

/**
 * Reads a receipt whose signature verifies with the certificate in it; `trustSeal` decides on that
 * certificate and throws when it is not a trusted seal. Throws the Fault `receipt-invalid`, the
 * reason as its cause.
 */
export function verifyReceipt(
  octets: Uint8Array,
  trustSeal: (certificate: X509Certificate) => void,
): ReceiptFacts & { certificate: X509Certificate } {
  try {
    const certificate = readSealCertificate(octets)
    trustSeal(certificate)
    const verified = verifyBytes(octets, openReceiptVerifier(certificate))
    return { ...verified, certificate }
  } catch (cause) {
    if (cause instanceof Fault && cause.code !== 'internal')
      throw new Fault(code, cause.code === code ? cause.detail : cause.message, { cause })
    throw cause
  }
}

/**
 * A receipt holds its own certificate; until that is trusted, nothing else of the receipt is read.
 */
function readSealCertificate(octets: Uint8Array): X509Certificate {
  const pass = new DocumentPass(ownAlgorithms, limits)
  pass.write(octets)
  const { certificates } = readSignatureElement(pass.end().signature, limits)
  if (certificates.length !== 1)
    throw new Fault(code, `expected one certificate in KeyInfo, found ${certificates.length}`)
  try {
    return new X509Certificate(Buffer.from(certificates[0]!, 'base64'))
  } catch (cause) {
    throw new Fault(code, 'the certificate in KeyInfo cannot be read', { cause })
  }
}

/** Facts are read from the canonical octets that the digest covered. */
function openReceiptVerifier(certificate: X509Certificate): Verifier<ReceiptFacts> {
  let octets: Buffer[] = []
  const onCanonical = () => {
    octets = []
    return (chunk: Uint8Array) => void octets.push(Buffer.from(chunk))
  }
  return new Verifier(certificate, () => ({ read: () => readReceipt(readTree(Buffer.concat(octets), limits)) }), {
    limits,
    onCanonical,
  })
}

function readReceipt(element: Element): ReceiptFacts {
  if (element.local !== 'Receipt' || element.uri !== RECEIPT_NAMESPACE) {
    throw new Fault(
      code,
      `expected Receipt in ${RECEIPT_NAMESPACE}, found ${quote(element.local)} in ${quote(element.uri)}`,
    )
  }
  checkAttributes(element, [], code)
  const reader = new ElementReader(element, code, RECEIPT_NAMESPACE)
  const read = (local: string) => readText(reader.child(local))
  const facts = {
    receiverId: checkForm(read('ReceiverID'), GATEWAY_ID),
    senderId: checkForm(read('SenderID'), GATEWAY_ID),
    documentId: checkForm(read('DocumentID'), DOCUMENT_ID),
    documentDigest: readBase64(read('DocumentDigest'), 'DocumentDigest'),
    referenceDigest: readBase64(read('ReferenceDigest'), 'ReferenceDigest'),
    acceptedAt: read('AcceptedAt'),
    logEntry: readLogEntry(reader.child('LogEntry')),
  }
  readTimestamp(facts.acceptedAt)
  reader.end()
  return facts
}

/** Reads what the receipt says; whether it is so is for those who know the log's key to check. */
function readLogEntry(element: Element): LogEntry {
  checkAttributes(element, [], code)
  const reader = new ElementReader(element, code, RECEIPT_NAMESPACE)
  const read = (local: string) => readText(reader.child(local))
  const index = readCount(read('Index'))
  const treeSize = readCount(read('TreeSize'))
  const leaf = readBase64(read('Leaf'), 'Leaf')
  const opening = readOpening(reader)
  const proof = readProof(reader.child('Proof'))
  const checkpoint = read('Checkpoint')
  reader.end()
  return { index, treeSize, leaf, opening, proof, checkpoint }
}

function readOpening(reader: ElementReader): LogEntry['opening'] {
  const facts = reader.optionalChild('Facts')
  if (facts === undefined) return undefined
  const nonce = reader.child('Nonce')
  return { facts: readBase64(readText(facts), 'Facts'), nonce: readBase64(readText(nonce), 'Nonce') }
}

function readProof(element: Element): Buffer[] {
  checkAttributes(element, [], code)
  const reader = new ElementReader(element, code, RECEIPT_NAMESPACE)
  const proof = element.children.map(() => readBase64(readText(reader.child('Hash')), 'Hash'))
  reader.end()
  return proof
}

function readText(element: Element): string {
  checkAttributes(element, [], code)
  return textOf(element, code)
}

function readCount(text: string): number {
  const count = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(count))
    throw new Fault(code, `expected a whole number in the receipt, found ${quote(text)}`)
  return count
}

function checkForm(text: string, form: RegExp): string {
  if (!form.test(text)) throw new Fault(code, `a name in the receipt does not have the required form: ${quote(text)}`)
  return text
}
