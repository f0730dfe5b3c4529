// Documents to verify: records of business data, or one large text; signed by ourselves with RSA-2048.
import { openSigner, type Signer } from '@seg/xmldsig'

export type Shape = 'records' | 'text'

const HEAD = `<CriticalDocument id="bench1">
  <SenderID>MINISTRY 1_SEG01</SenderID>
  <ReceiverID>MINISTRY 2_SEG01</ReceiverID>
  <TimestampForSignature>2026-01-01T00:00:00Z</TimestampForSignature>
  <Payload>`
const TAIL = '</Payload>\n</CriticalDocument>\n'
const BLOCK_BYTES = 64 * 1024

/** The pieces of a document whose payload has about `bytes` bytes; a large one repeats one block. */
export function* writeDocument(shape: Shape, bytes: number): Generator<Buffer> {
  yield Buffer.from(HEAD)
  const block = Buffer.from(writeBlock(shape, Math.min(bytes, BLOCK_BYTES)))
  for (let written = 0; written < bytes; written += block.length) yield block
  yield Buffer.from(TAIL)
}

function writeBlock(shape: Shape, bytes: number): string {
  if (shape === 'text') return 'QWxsIHRoZSB3b3JsZCdzIGEgc3RhZ2UsIGFuZCBhbGwgdGhl'.repeat(Math.ceil(bytes / 48)).slice(0, bytes)
  let block = ''
  for (let i = 1; block.length < bytes; i++) block += writeRecord(i)
  return block
}

function writeRecord(i: number): string {
  return `<record kind="invoice" number="${i}"><name>Company number ${i} of the republic</name><amount currency="EUR">${i * 17}.25</amount><note xml:lang="en">Some words about it &amp; more</note><l:line xmlns:l="urn:lines"><l:item>${i}</l:item></l:line></record>\n`
}

/** The same with its Signature, as pieces that can be written again. */
export async function signDocument(shape: Shape, bytes: number, key: Signer): Promise<() => Generator<Buffer>> {
  const { signer } = openSigner(key)
  for (const piece of writeDocument(shape, bytes)) signer.write(piece)
  const { signature, offset } = await signer.end()
  return function* () {
    let at = 0
    for (const piece of writeDocument(shape, bytes)) {
      const within = offset - at
      if (within >= 0 && within < piece.length) yield* [piece.subarray(0, within), signature, piece.subarray(within)]
      else yield piece
      at += piece.length
    }
  }
}
