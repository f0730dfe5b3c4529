// Asks the token for the ledger's writer, which waits meanwhile: an answer is written into memory
// that both see.
import { parentPort, workerData } from 'node:worker_threads'
import { asFault } from '@seg/core'
import { tokenKeyOf } from '@seg/pki'
import {
  BEAT,
  BEATS,
  HEAD_BYTES,
  LENGTH,
  THREAD_ENDED,
  type TokenThreadAnswer,
  type TokenThreadData,
  type TokenThreadQuestion,
} from './blocking-token-key.ts'

const { path, uri, shared } = workerData as TokenThreadData
const head = new Int32Array(shared, 0, 2)
setInterval(() => Atomics.add(head, BEATS, 1), BEAT).unref()
// Whoever waits learns at once what ended it.
process.on('exit', status => {
  write({ code: THREAD_ENDED, detail: `${path}: the thread that asks the token has ended with status ${status}` })
})
const key = tokenKeyOf(path, uri)
parentPort!.on('message', async ({ octets, method }: TokenThreadQuestion) => {
  write(await sign(Buffer.from(octets), method))
})

async function sign(octets: Buffer, method: TokenThreadQuestion['method']): Promise<TokenThreadAnswer> {
  try {
    return { value: (await key.sign(octets, method)).toString('base64') }
  } catch (error) {
    const { code, detail } = asFault(error)
    return { code, detail }
  }
}

function write(answer: TokenThreadAnswer): void {
  const octets = Buffer.from(JSON.stringify(answer))
  new Uint8Array(shared, HEAD_BYTES).set(octets.subarray(0, shared.byteLength - HEAD_BYTES))
  Atomics.store(head, LENGTH, octets.length)
  Atomics.notify(head, LENGTH)
}
