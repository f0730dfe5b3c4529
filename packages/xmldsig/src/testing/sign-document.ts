// Documents filled in and signed in memory, by the same passes as the sender's.
import type { Signer } from '../signature/signing-key.ts'
import { OutlineReader } from '../signing/outline.ts'
import { openPlacement, openSigner } from '../signing/sign.ts'
import { type Fill, TemplateFilling } from '../signing/template.ts'

/** The bytes themselves if they are signed already. */
export function prepareDocument(bytes: Uint8Array, fill: Fill): Buffer {
  const reader = new OutlineReader(fill)
  reader.write(bytes)
  const outline = reader.end()
  if (outline.isSigned) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const pieces: Uint8Array[] = []
  const filling = new TemplateFilling(outline, fill, octets => pieces.push(Buffer.from(octets)))
  filling.write(bytes)
  filling.end()
  return Buffer.concat(pieces)
}

/** The document with its Signature as the last child. */
export async function signDocument(bytes: Uint8Array, signer: Signer): Promise<Buffer> {
  const opened = openSigner(signer)
  opened.signer.write(bytes)
  const placed = await opened.signer.end()
  opened.readEnvelope()
  const pieces: Uint8Array[] = []
  openPlacement(placed, octets => pieces.push(octets))(bytes)
  return Buffer.concat(pieces)
}

/** Whether the document element has a Signature among its children. */
export function isSigned(bytes: Uint8Array): boolean {
  const reader = new OutlineReader()
  reader.write(bytes)
  return reader.end().isSigned
}
