// Verifies one document as it is made, in a process of its own: time, and the memory over the idle process. Prints JSON.

import { loadIdentity } from '@seg/pki'
import { openVerifier, type Verifier } from '@seg/xmldsig'
import { type Shape, signDocument } from './documents.ts'

const [certs = '', shape = '', bytes = ''] = process.argv.slice(2)
const identity = await loadIdentity(certs, 'sender')
const pieces = await signDocument(shape as Shape, Number(bytes), identity)
// The block is made, the code is warm: what is added from here on is verification's.
await verify(1_000_000)
globalThis.gc?.()
const idle = process.memoryUsage.rss()
let peak = idle
const begin = process.hrtime.bigint()
const length = run(openVerifier(identity.certificate))
const nanoseconds = Number(process.hrtime.bigint() - begin)
process.stdout.write(`${JSON.stringify({ nanoseconds, length, overIdle: peak - idle })}\n`)

function run(verifier: Verifier<object>): number {
  let length = 0
  let pieceCount = 0
  for (const piece of pieces()) {
    verifier.write(piece)
    length += piece.length
    if (++pieceCount % 64 === 0) peak = Math.max(peak, process.memoryUsage.rss())
  }
  verifier.end()
  return length
}

async function verify(size: number): Promise<void> {
  const warm = await signDocument(shape as Shape, size, identity)
  for (let i = 0; i < 30; i++) {
    const verifier = openVerifier(identity.certificate)
    for (const piece of warm()) verifier.write(piece)
    verifier.end()
  }
}
