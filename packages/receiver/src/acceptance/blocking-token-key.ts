// A key in a token, for the ledger's writer, which signs within a transaction: the writer waits for
// another thread, which asks the token, and never longer than the token may take.
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Fault, isFaultCode } from '@seg/core'
import type { BlockingKey, SigningMethod } from '@seg/xmldsig'

/** Where the key is: the text of the key file, and its path. */
export type TokenPlace = { readonly path: string; readonly uri: string }

export type TokenThreadData = TokenPlace & { readonly shared: SharedArrayBuffer }
export type TokenThreadQuestion = { readonly octets: Uint8Array; readonly method: SigningMethod }
/** In JSON: `value` in base64. */
export type TokenThreadAnswer = { readonly value: string } | { readonly code: string; readonly detail: string }

/** The same file, whether run as it is written or compiled. */
const script = new URL(`./token-thread${extname(import.meta.filename)}`, import.meta.url)
/** Octets for an answer, after its length, which is 0 until there is one. */
const ANSWER_BYTES = 16 * 1024
export const LENGTH_BYTES = Int32Array.BYTES_PER_ELEMENT
/** Milliseconds: more than a session that is lost and opened again may take (`TokenKey`). */
const LONGEST_WAIT = 90_000

/** The thread is started with the first signature. `end` ends it. */
export function openBlockingKey(place: TokenPlace): BlockingKey & { end(): void } {
  let thread: { readonly worker: Worker; readonly shared: SharedArrayBuffer } | undefined

  function start() {
    const shared = new SharedArrayBuffer(LENGTH_BYTES + ANSWER_BYTES)
    const worker = new Worker(script, { name: 'token', workerData: { ...place, shared } satisfies TokenThreadData })
    // What ends it is found by the next wait; the writer does not end with it.
    worker.on('error', () => {})
    worker.unref()
    return { worker, shared }
  }

  function end() {
    void thread?.worker.terminate()
    thread = undefined
  }

  return {
    end,
    signNow(octets, method) {
      thread ??= start()
      const { worker, shared } = thread
      const length = new Int32Array(shared, 0, 1)
      Atomics.store(length, 0, 0)
      worker.postMessage({ octets, method } satisfies TokenThreadQuestion)
      if (Atomics.wait(length, 0, 0, LONGEST_WAIT) === 'timed-out') {
        end()
        throw new Fault('configuration', `${place.path}: the token did not answer in ${LONGEST_WAIT} ms`)
      }
      const octetsOfAnswer = Buffer.from(new Uint8Array(shared, LENGTH_BYTES, Atomics.load(length, 0)))
      const answer = JSON.parse(octetsOfAnswer.toString('utf8')) as TokenThreadAnswer
      if ('value' in answer) return Buffer.from(answer.value, 'base64')
      throw new Fault(isFaultCode(answer.code) ? answer.code : 'internal', answer.detail)
    },
  }
}
