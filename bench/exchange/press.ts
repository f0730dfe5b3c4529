// Distinct signed documents at the price of one digest and one signature each: all but the id, the
// digest and the value is that of a sample.
import { createHash, sign } from 'node:crypto'
import type { Identity } from '@seg/pki'
import { type Signer, verifyDocument } from '@seg/xmldsig'
import { signDocument } from '@seg/xmldsig/testing'
import { payloads } from '../payloads.ts'

/**
 * The document of a number from 0 to 99999999, in pieces: what follows one another on the wire. Its
 * id is that of `documentId`.
 */
export type Press = (number: number) => Buffer[]

/** Documents of up to this many bytes are made in one piece. */
const ONE_PIECE = 64 * 1024
const DIGEST = /(?<=<DigestValue>)[^<]*/
const VALUE = /(?<=<SignatureValue>)[^<]*/

/**
 * In no order, as ids of many senders are: the ledger's index over them is met at every place
 * alike.
 */
export function documentId(number: number): string {
  return `bench-${createHash('sha256').update(String(number)).digest('hex').slice(0, 16)}`
}

/**
 * Documents with a payload of about `payload` bytes of records, signed now, by an RSA key: its
 * values have one length.
 */
export async function openPress(payload: number, signer: Identity): Promise<Press> {
  const sample = await signDocument(writeDocument(payload), signer)
  const canonical = readCanonical(sample, signer)
  const id = Buffer.from(documentId(0))
  const idAt = sample.indexOf(id)
  const canonicalIdAt = canonical.indexOf(id)
  const signatureAt = sample.lastIndexOf('<Signature ')
  const signature = sample.toString('utf8', signatureAt)
  const signedInfo = canonicalizeSignedInfo(signature)
  const between = sample.subarray(idAt + id.length, signatureAt)

  const press = (number: number) => {
    const name = documentId(number)
    canonical.write(name, canonicalIdAt)
    const digest = createHash('sha256').update(canonical).digest('base64')
    const value = sign('sha256', Buffer.from(signedInfo.replace(DIGEST, digest)), signer.key).toString('base64')
    const end = Buffer.from(signature.replace(DIGEST, digest).replace(VALUE, value))
    const pieces = [sample.subarray(0, idAt), Buffer.from(name), between, end]
    return sample.length <= ONE_PIECE ? [Buffer.concat(pieces)] : pieces
  }
  // What is assumed above of the sample's form holds, or this throws.
  verifyDocument(Buffer.concat(press(1)), signer.certificate)
  return press
}

function writeDocument(payload: number): Buffer {
  return Buffer.from(`<CriticalDocument id="${documentId(0)}">
  <SenderID>MINISTRY 1_SEG01</SenderID>
  <ReceiverID>MINISTRY 2_SEG01</ReceiverID>
  <TimestampForSignature>${new Date().toISOString()}</TimestampForSignature>
  <Payload>${[...payloads.records(payload)].join('')}</Payload>
</CriticalDocument>
`)
}

function readCanonical(sample: Buffer, { certificate }: Signer): Buffer {
  const pieces: Buffer[] = []
  verifyDocument(sample, certificate, { onCanonical: () => octets => pieces.push(Buffer.from(octets)) })
  return Buffer.concat(pieces)
}

/**
 * Exclusive C14N of a SignedInfo as our signer writes it: the namespace on the element itself, no
 * empty-element tags.
 */
function canonicalizeSignedInfo(signature: string): string {
  const text = signature.slice(signature.indexOf('<SignedInfo>'), signature.indexOf('<SignatureValue>'))
  const named = text.replace('<SignedInfo>', '<SignedInfo xmlns="http://www.w3.org/2000/09/xmldsig#">')
  return named.replace(/<(\w+)([^<>]*)\/>/g, '<$1$2></$1>')
}
