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
  const [beforeDigest, afterDigest] = writeSignedInfo(algorithm.identifier)
  const beforeSigned = `<SignedInfo xmlns="${DSIG_NAMESPACE}">${beforeDigest}`
  const beforeSignature = `<Signature xmlns="${DSIG_NAMESPACE}"><SignedInfo>${beforeDigest}`
  const beforeValue = `${afterDigest}<SignatureValue>`
  const afterValue =
    `</SignatureValue><KeyInfo><X509Data><X509Certificate>${der}</X509Certificate></X509Data></KeyInfo></Signature>` +
    `${END}\n`
  // Of the same length in each receipt: a value that verifies has the length of its key's values.
  const signatureLength =
    beforeSignature.length +
    base64Length(DIGEST_BYTES) +
    beforeValue.length +
    base64Length(valueBytesOf(knownKeyOf(signer))) +
    afterValue.length
  const writeFacts = openFactsWriter()
  return facts => {
    const content = writeFacts(facts)
    const { length } = content
    // One octet of UTF-8 in each character of these texts: one character above U+00FF would make V8
    // store all of it with two bytes a character.
    const receipt = Buffer.allocUnsafe(length + signatureLength)
    receipt.write(content + END, 0, 'latin1')
    const digest = hash('sha256', receipt.subarray(0, length + END.length), 'base64')
    const signed = Buffer.from(beforeSigned + digest + afterDigest, 'latin1')
    const value = makeOwnValueNow(signed, algorithm, signer).toString('base64')
    receipt.write(beforeSignature + digest + beforeValue + value + afterValue, length, 'latin1')
    return receipt
  }
}

function base64Length(bytes: number): number {
  return 4 * Math.ceil(bytes / 3)
}

/**
 * Returns what writes the facts of receipts: a text in one piece for all that stands between two
 * facts, and once for all that receipts have in common.
 */
function openFactsWriter(): (facts: ReceiptFacts) => string {
  const begin = openLatest(
    (receiverId: string) =>
      `<Receipt xmlns="${RECEIPT_NAMESPACE}">\n  <ReceiverID>${escapeText(receiverId)}</ReceiverID>\n  <SenderID>`,
  )
  const end = openLatest(
    (checkpoint: string) => `    </Proof>\n    <Checkpoint>${escapeText(checkpoint)}</Checkpoint>\n  </LogEntry>\n`,
  )
  // Hashes near the root are those of all receipts under one checkpoint.
  const hashes = openLatest((_checkpoint: string) => new Map<Buffer, string>())
  return ({ receiverId, senderId, documentId, documentDigest, referenceDigest, acceptedAt, logEntry }) => {
    const { index, treeSize, leaf, opening, proof, checkpoint } = logEntry
    const known = hashes(checkpoint)
    let path = ''
    for (const octets of proof) {
      let line = known.get(octets)
      if (line === undefined) {
        line = `      <Hash>${octets.toString('base64')}</Hash>\n`
        known.set(octets, line)
      }
      path += line
    }
    const opened =
      opening === undefined
        ? ''
        : `    <Facts>${opening.facts.toString('base64')}</Facts>\n` +
          `    <Nonce>${opening.nonce.toString('base64')}</Nonce>\n`
    return `${begin(receiverId)}${escapeText(senderId)}</SenderID>
  <DocumentID>${escapeText(documentId)}</DocumentID>
  <DocumentDigest>${documentDigest.toString('base64')}</DocumentDigest>
  <ReferenceDigest>${referenceDigest.toString('base64')}</ReferenceDigest>
  <AcceptedAt>${escapeText(acceptedAt)}</AcceptedAt>
  <LogEntry>
    <Index>${index}</Index>
    <TreeSize>${treeSize}</TreeSize>
    <Leaf>${leaf.toString('base64')}</Leaf>
${opened}    <Proof>
${path}${end(checkpoint)}`
  }
}

/** What `make` makes of a text, made anew only for another text than the last one. */
function openLatest<Made>(make: (text: string) => Made): (text: string) => Made {
  let latest: string | undefined
  let made: Made
  return text => {
    if (text !== latest) {
      made = make(text)
      latest = text
    }
    return made
  }
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
