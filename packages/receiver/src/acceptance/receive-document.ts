// Receives a document: verified, digested and staged in one pass, so that a certain refusal need
// not wait for the last byte.
import { createHash, type Hash, hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Fault, quote } from '@seg/core'
import { releaseOctets } from '@seg/ledger'
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

const MEDIA_TYPE = /^application\/xml(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?$/i

/**
 * Throws the Faults `media-type`, `document-too-large` (for a declared length before the first
 * byte), those of `readBody`, and `xml-…`, `signature-…` or `envelope-malformed` for what can be
 * reported before the end.
 */
export async function receiveDocument(
  request: IncomingMessage,
  peer: Peer,
  upload: Upload,
  { limits, types, now, onCanonical }: ReceiveWith,
  confirm: (at: Date) => void,
): Promise<ReceivedDocument> {
  checkHeaders(request, limits)
  const announced = Number(request.headers['content-length'] ?? 0)
  const expecting = upload.expect(announced)
  if (expecting !== undefined) await expecting
  const signer = new SigningCertificate(peer, now)
  const given = onCanonical && { onCanonical }
  const verifier = openVerifier(signer, { types, limits: { documentBytes: limits.documentBytes }, ...given })
  const digest = new BodyDigest(announced)
  await readBody(request, limits, chunk => {
    confirm(now())
    verifier.write(chunk)
    digest.update(chunk)
    const writing = upload.write(chunk)
    // Nobody else has it.
    if (writing !== undefined) return writing.then(() => releaseOctets(chunk))
    releaseOctets(chunk)
    return undefined
  })
  return { peer, bytes: upload.staging.bytes, sha256: digest.end(), upload, verifier, signer }
}

/** SHA-256 of a body, most of which come in one piece: that costs half as much in one call. */
class BodyDigest {
  readonly #announced: number
  #ofAll: string | undefined
  #hash: Hash | undefined

  constructor(announced: number) {
    this.#announced = announced
  }

  /** The chunk may change afterwards. */
  update(chunk: Buffer): void {
    if (this.#ofAll !== undefined) throw new TypeError('a body goes on behind the length that was announced')
    if (chunk.length === this.#announced) this.#ofAll = hash('sha256', chunk, 'hex')
    else this.#soFar.update(chunk)
  }

  end(): string {
    return this.#ofAll ?? this.#soFar.digest('hex')
  }

  get #soFar(): Hash {
    this.#hash ??= createHash('sha256')
    return this.#hash
  }
}

function checkHeaders({ headers }: IncomingMessage, limits: ReceiverLimits): void {
  const { 'content-type': type, 'content-encoding': coding, 'content-length': length } = headers
  if (!MEDIA_TYPE.test(type ?? ''))
    throw new Fault('media-type', `expected application/xml in UTF-8, found ${quote(type ?? 'no Content-Type')}`)
  if (coding !== undefined) throw new Fault('media-type', `expected no Content-Encoding, found ${quote(coding)}`)
  if (Number(length ?? 0) > limits.documentBytes) throw tooLarge(`a Content-Length of ${length}`, limits)
}
