// Sealing a receipt: it is written in canonical form, so that its digest is the digest of its
// bytes, and the private-key operation is nearly all the work.
import { hash } from 'node:crypto'
import { ENVELOPED_SIGNATURE, EXCLUSIVE_C14N, SHA256 } from '../signature/algorithms.ts'
import { valueBytesOf } from '../signature/key-kinds.ts'
import { makeOwnValueNow } from '../signature/own-value.ts'
import { type BlockingSigner, knownKeyOf, signingAlgorithm } from '../signature/signing-key.ts'
import { DSIG_NAMESPACE } from '../xml/namespaces.ts'
import { RECEIPT_NAMESPACE, type ReceiptFacts } from './receipt.ts'

const END = '</Receipt>'
const DIGEST_BYTES = 32

/**
 * Returns what seals receipts with this key: XML under an enveloped Signature (Exclusive C14N,
 * SHA-256, the algorithm of the key's kind), the certificate in KeyInfo. Synchronous: for a thread
 * that may block. Throws the Fault `configuration` for a key of another kind.
 */
export function openReceiptSeal(signer: BlockingSigner): (facts: ReceiptFacts) => Buffer {
  const algorithm = signingAlgorithm(signer)
  const der = signer.certificate.raw.toString('base64')
  const keyInfo = `<KeyInfo><X509Data><X509Certificate>${der}</X509Certificate></X509Data></KeyInfo>`
  const [beforeDigest, afterDigest] = writeSignedInfo(algorithm.identifier)
  const writeSignature = (digest: string, value: string) =>
    `<Signature xmlns="${DSIG_NAMESPACE}"><SignedInfo>${beforeDigest}${digest}${afterDigest}` +
    `<SignatureValue>${value}</SignatureValue>${keyInfo}</Signature>${END}\n`
  // Of the same length in each receipt: a value that verifies has the length of its key's values.
  const signatureLength = writeSignature(
    emptyBase64(DIGEST_BYTES),
    emptyBase64(valueBytesOf(knownKeyOf(signer))),
  ).length
  const writeFacts = openFactsWriter()
  return facts => {
    const content = `<Receipt xmlns="${RECEIPT_NAMESPACE}">\n${writeFacts(facts)}`
    const { length } = content
    // One octet of UTF-8 in each character of these texts: one character above U+00FF would make V8
    // store all of it with two bytes a character.
    const receipt = Buffer.allocUnsafe(length + signatureLength)
    receipt.write(`${content}${END}`, 0, 'latin1')
    const digest = hash('sha256', receipt.subarray(0, length + END.length), 'base64')
    const signed = Buffer.from(`<SignedInfo xmlns="${DSIG_NAMESPACE}">${beforeDigest}${digest}${afterDigest}`)
    const value = makeOwnValueNow(signed, algorithm, signer).toString('base64')
    receipt.write(writeSignature(digest, value), length, 'latin1')
    return receipt
  }
}

function emptyBase64(bytes: number): string {
  return Buffer.alloc(bytes).toString('base64')
}

/** Returns what writes the facts of receipts, with what comes again and again written once. */
function openFactsWriter(): (facts: ReceiptFacts) => string {
  const receiver = openEscaper()
  const checkpoint = openEscaper()
  return ({ receiverId, senderId, documentId, documentDigest, referenceDigest, acceptedAt, logEntry }) => {
    const written =
      line('  ', 'ReceiverID', receiver(receiverId)) +
      line('  ', 'SenderID', escapeText(senderId)) +
      line('  ', 'DocumentID', escapeText(documentId)) +
      line('  ', 'DocumentDigest', documentDigest.toString('base64')) +
      line('  ', 'ReferenceDigest', referenceDigest.toString('base64')) +
      line('  ', 'AcceptedAt', escapeText(acceptedAt))
    const proof = logEntry.proof.map(octets => line('      ', 'Hash', octets.toString('base64'))).join('')
    const opening =
      logEntry.opening === undefined
        ? ''
        : line('    ', 'Facts', logEntry.opening.facts.toString('base64')) +
          line('    ', 'Nonce', logEntry.opening.nonce.toString('base64'))
    const entry =
      line('    ', 'Index', String(logEntry.index)) +
      line('    ', 'TreeSize', String(logEntry.treeSize)) +
      line('    ', 'Leaf', logEntry.leaf.toString('base64')) +
      opening +
      `    <Proof>\n${proof}    </Proof>\n` +
      line('    ', 'Checkpoint', checkpoint(logEntry.checkpoint))
    return `${written}  <LogEntry>\n${entry}  </LogEntry>\n`
  }
}

/** `escapeText` for what is often the same as the last time. */
function openEscaper(): (text: string) => string {
  let latest = ''
  let escaped = ''
  return text => {
    if (text !== latest) {
      escaped = escapeText(text)
      latest = text
    }
    return escaped
  }
}

/** `content` is canonical as it stands. */
function line(indent: string, name: string, content: string): string {
  return `${indent}<${name}>${content}</${name}>\n`
}

/** XML-C14N 2.3, Text Nodes. */
function escapeText(text: string): string {
  if (!/[&<>\r\u0080-\uffff]/.test(text)) return text
  const escaped = text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#xD;')
  return Buffer.from(escaped).toString('latin1')
}

/** What stands in SignedInfo, and its end tag, before and behind the digest; in canonical form. */
function writeSignedInfo(algorithm: string): readonly [before: string, after: string] {
  return [
    `<CanonicalizationMethod Algorithm="${EXCLUSIVE_C14N}"></CanonicalizationMethod>` +
      `<SignatureMethod Algorithm="${algorithm}"></SignatureMethod>` +
      `<Reference URI=""><Transforms><Transform Algorithm="${ENVELOPED_SIGNATURE}"></Transform>` +
      `<Transform Algorithm="${EXCLUSIVE_C14N}"></Transform></Transforms>` +
      `<DigestMethod Algorithm="${SHA256}"></DigestMethod><DigestValue>`,
    '</DigestValue></Reference></SignedInfo>',
  ]
}
