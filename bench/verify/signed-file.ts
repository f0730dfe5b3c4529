// A signed document of any size as a file, by our own signer, never held in memory.
import { open, readFile, writeFile } from 'node:fs/promises'
import { openSigner, type Signer } from '@seg/xmldsig'
import type { Payload } from '../payloads.ts'

export type SignedFile = {
  readonly path: string
  /** What the payload is made of, in words. */
  readonly shape: string
  /** Bytes of payload, about. */
  readonly payload: number
  readonly bytes: number
}

export type NamedPayload = { readonly name: string; readonly write: Payload }

/** Writes a document with a payload of about `payload` bytes, and its Signature as last child. */
export async function writeSignedFile(
  path: string,
  { name, write }: NamedPayload,
  payload: number,
  key: Signer,
): Promise<SignedFile> {
  const { signer } = openSigner(key)
  await using file = await open(path, 'w')
  let piece = Buffer.alloc(0)
  let pieceFrom = 0
  for (const text of writeDocument(write, payload)) {
    pieceFrom += piece.length
    piece = Buffer.from(text)
    signer.write(piece)
    await file.write(piece)
  }
  // The Signature stands before the end tag of the document element, which is in the last piece.
  const { signature, offset } = await signer.end()
  const end = Buffer.concat([signature, piece.subarray(offset - pieceFrom)])
  await file.write(end, 0, end.length, offset)
  return { path, shape: name, payload, bytes: offset + end.length }
}

function* writeDocument(write: Payload, payload: number): Generator<string> {
  yield `<?xml version="1.0" encoding="UTF-8"?>
<CriticalDocument id="bench">
  <SenderID>MINISTRY 1_SEG01</SenderID>
  <ReceiverID>MINISTRY 2_SEG01</ReceiverID>
  <TimestampForSignature>2026-01-01T00:00:00Z</TimestampForSignature>
  <Payload>`
  yield* write(payload)
  yield '</Payload>\n</CriticalDocument>\n'
}

/** Takes the digest, the value and the certificate out of the Signature: what xmlsec1 fills in. */
export async function emptySignature(_sides: unknown, { path }: SignedFile): Promise<void> {
  const text = await readFile(path, 'utf8')
  await writeFile(path, text.replace(/<(DigestValue|SignatureValue|X509Data)>.*<\/\1>/gs, '<$1/>'))
}
