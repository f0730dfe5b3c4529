// A document as it comes in: verified, digested and staged in one go, so that a refusal that is certain need not wait for the last byte.
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Fault, quote } from '@seg/core'
import { openVerifier, type VerifiedDocument, type Verifier } from '@seg/xmldsig'
import type { Limits } from './limits.ts'
import type { Peer } from './peer.ts'
import { readBody, tooLarge } from './read-body.ts'
import type { Upload } from './uploads.ts'

/** All of it is here; whether its signature is valid is not known yet. */
export type ReceivedDocument = {
  readonly peer: Peer
  readonly bytes: number
  /** SHA-256 of the bytes. */
  readonly digest: Buffer
  readonly upload: Upload
  /** Has seen all the bytes. */
  readonly verifier: Verifier<VerifiedDocument>
}

const MEDIA_TYPE = /^application\/xml(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?$/i

/**
 * Throws the Faults `media-type`, `document-too-large` (for a declared length before the first byte), those of `readBody`, and `xml-…`,
 * `signature-…` or `envelope-malformed` for what can be told before the end.
 */
export async function receiveDocument(request: IncomingMessage, peer: Peer, upload: Upload, limits: Limits): Promise<ReceivedDocument> {
  checkHeaders(request, limits)
  const verifier = openVerifier(peer.certificate, { limits: { documentBytes: limits.documentBytes } })
  const hash = createHash('sha256')
  await readBody(request, limits, chunk => {
    verifier.write(chunk)
    hash.update(chunk)
    return upload.write(chunk)
  })
  return { peer, bytes: upload.staging.bytes, digest: hash.digest(), upload, verifier }
}

function checkHeaders({ headers }: IncomingMessage, limits: Limits): void {
  const { 'content-type': type, 'content-encoding': coding, 'content-length': length } = headers
  if (!MEDIA_TYPE.test(type ?? ''))
    throw new Fault('media-type', `expected application/xml in UTF-8, found ${quote(type ?? 'no Content-Type')}`)
  if (coding !== undefined) throw new Fault('media-type', `expected no Content-Encoding, found ${quote(coding)}`)
  if (Number(length ?? 0) > limits.documentBytes) throw tooLarge(`a Content-Length of ${length}`, limits)
}
