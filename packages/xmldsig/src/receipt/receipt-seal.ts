// Sealing a receipt: it is written in canonical form, so that its digest is the digest of its
// bytes, and the private-key operation is nearly all the work.
import { hash } from 'node:crypto'
import { ENVELOPED_SIGNATURE, EXCLUSIVE_C14N, SHA256 } from '../signature/algorithms.ts'
import { makeSignatureValue } from '../signature/signature-value.ts'
import { type Signer, signingAlgorithm } from '../signature/signing-key.ts'
import { DSIG_NAMESPACE } from '../xml/namespaces.ts'
import { RECEIPT_NAMESPACE, type ReceiptFacts } from './receipt.ts'

/**
 * Returns what seals receipts with this key: XML under an enveloped Signature (Exclusive C14N,
 * SHA-256, the algorithm of the key's kind), the certificate in KeyInfo. Synchronous: for a thread
 * that may block. Throws the Fault `configuration` for a key of another kind.
 */
export function openReceiptSeal({ key, certificate }: Signer): (facts: ReceiptFacts) => Buffer {
  const algorithm = signingAlgorithm(key)
  const der = certificate.raw.toString('base64')
  const keyInfo = `<KeyInfo><X509Data><X509Certificate>${der}</X509Certificate></X509Data></KeyInfo>`
  return facts => {
    const content = `<Receipt xmlns="${RECEIPT_NAMESPACE}">\n${writeFacts(facts)}`
    const digest = hash('sha256', octetsOf(`${content}</Receipt>`), 'base64')
    const signedInfo = writeSignedInfo(algorithm.identifier, digest)
    const signed = octetsOf(`<SignedInfo xmlns="${DSIG_NAMESPACE}">${signedInfo}`)
    const value = makeSignatureValue(signed, algorithm, key).toString('base64')
    const signature =
      `<Signature xmlns="${DSIG_NAMESPACE}"><SignedInfo>${signedInfo}` +
      `<SignatureValue>${value}</SignatureValue>${keyInfo}</Signature>`
    return octetsOf(`${content}${signature}</Receipt>\n`)
  }
}

/**
 * Text here holds one octet of UTF-8 in each character: one character above U+00FF would make V8
 * store all of it with two bytes a character.
 */
function octetsOf(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

function writeFacts(facts: ReceiptFacts): string {
  const { receiverId, senderId, documentId, documentDigest, referenceDigest, acceptedAt, logEntry } = facts
  const written =
    line('  ', 'ReceiverID', escapeText(receiverId)) +
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
    line('    ', 'Checkpoint', escapeText(logEntry.checkpoint))
  return `${written}  <LogEntry>\n${entry}  </LogEntry>\n`
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

/** What stands in SignedInfo, and its end tag; in canonical form. */
function writeSignedInfo(algorithm: string, digest: string): string {
  return (
    `<CanonicalizationMethod Algorithm="${EXCLUSIVE_C14N}"></CanonicalizationMethod>` +
    `<SignatureMethod Algorithm="${algorithm}"></SignatureMethod>` +
    `<Reference URI=""><Transforms><Transform Algorithm="${ENVELOPED_SIGNATURE}"></Transform>` +
    `<Transform Algorithm="${EXCLUSIVE_C14N}"></Transform></Transforms>` +
    `<DigestMethod Algorithm="${SHA256}"></DigestMethod><DigestValue>${digest}</DigestValue></Reference></SignedInfo>`
  )
}
