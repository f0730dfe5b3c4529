// Receives a document: verified, digested and staged in one pass, so that a certain refusal need
// not wait for the last byte.
import { createHash, type Hash, hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Fault, quote } from '@seg/core'
import { type DocumentType, type OctetSink, openVerifier, type VerifiedDocument, type Verifier } from '@seg/xmldsig'
import type { Peer } from '../http/peer.ts'
import { readBody, tooLarge } from '../http/read-body.ts'
import type { Upload } from '../http/uploads.ts'
import type { ReceiverLimits } from '../limits.ts'
import { SigningCertificate } from './signing-certificate.ts'

/** The document is complete; whether its signature is valid is not known yet. */
export type ReceivedDocument = {
  readonly peer: Peer
  readonly bytes: number
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly sha256: string
  readonly upload: Upload
  /** It has got all bytes. */
  readonly verifier: Verifier<VerifiedDocument>
  /** Knows the certificate that it verified with. */
  readonly signer: SigningCertificate
}

type ReceiveWith = {
  readonly limits: ReceiverLimits
  readonly types: readonly DocumentType[]
  readonly now: () => Date
  /** As the verifier's. */
  readonly onCanonical?: (() => OctetSink) | undefined
}

const NOTHING = Buffer.alloc(0)
const MEDIA_TYPE = /^application\/xml(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?$/i

/**
 * Throws the Faults `media-type`, `document-too-large` (for a declared length before the first
 * byte), those of `readBody`, and `xml-…`, `signature-…` or `envelope-malformed` for what can be
 * told before the end.
 */
export async function receiveDocument(
  request: IncomingMessage,
  peer: Peer,
  upload: Upload,
  { limits, types, now, onCanonical }: ReceiveWith,
  confirm: (at: Date) => void,
): Promise<ReceivedDocument> {
  checkHeaders(request, limits)
  upload.expect(Number(request.headers['content-length'] ?? 0))
  const signer = new SigningCertificate(peer, now)
  const given = onCanonical && { onCanonical }
  const verifier = openVerifier(signer, { types, limits: { documentBytes: limits.documentBytes }, ...given })
  const digest = new BodyDigest()
  await readBody(request, limits, chunk => {
    confirm(now())
    verifier.write(chunk)
    digest.update(chunk)
    return upload.write(chunk)
  })
  return { peer, bytes: upload.staging.bytes, sha256: digest.end(), upload, verifier, signer }
}

/** SHA-256 of a body, most of which come in one piece: that costs half as much in one call. */
class BodyDigest {
  #first: Buffer | undefined
  #hash: Hash | undefined

  update(chunk: Buffer): void {
    if (this.#hash !== undefined) this.#hash.update(chunk)
    else if (this.#first === undefined) this.#first = chunk
    else {
      this.#hash = createHash('sha256').update(this.#first).update(chunk)
      this.#first = undefined
    }
  }

  end(): string {
    return this.#hash?.digest('hex') ?? hash('sha256', this.#first ?? NOTHING, 'hex')
  }
}

function checkHeaders({ headers }: IncomingMessage, limits: ReceiverLimits): void {
  const { 'content-type': type, 'content-encoding': coding, 'content-length': length } = headers
  if (!MEDIA_TYPE.test(type ?? ''))
    throw new Fault('media-type', `expected application/xml in UTF-8, found ${quote(type ?? 'no Content-Type')}`)
  if (coding !== undefined) throw new Fault('media-type', `expected no Content-Encoding, found ${quote(coding)}`)
  if (Number(length ?? 0) > limits.documentBytes) throw tooLarge(`a Content-Length of ${length}`, limits)
}
