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
const tokenThread = new URL(`./token-thread${extname(import.meta.filename)}`, import.meta.url)
/** Octets for an answer, after its length, which is 0 until there is one, and the beats. */
const ANSWER_BYTES = 16 * 1024
export const HEAD_BYTES = 2 * Int32Array.BYTES_PER_ELEMENT
/** Where in the head: the length of the answer; a number that changes while the thread runs. */
export const [LENGTH, BEATS] = [0, 1]
/** Milliseconds between two beats of the thread, and without one until it is taken for ended. */
export const BEAT = 200
const SILENCE = 10_000
/** Milliseconds: more than a session that is lost and opened again may take (`TokenKey`). */
const LONGEST_WAIT = 90_000

type TokenThread = { readonly worker: Worker; readonly shared: SharedArrayBuffer }

/** The thread is started with the first signature. `end` ends it. `script` is what it runs. */
export function openBlockingKey(place: TokenPlace, script = tokenThread): BlockingKey & { end(): void } {
  let thread: TokenThread | undefined

  function start(): TokenThread {
    const shared = new SharedArrayBuffer(HEAD_BYTES + ANSWER_BYTES)
    const worker = new Worker(script, { name: 'token', workerData: { ...place, shared } satisfies TokenThreadData })
    // The writer does not end with it: the next signature starts another.
    worker.on('error', () => {})
    worker.on('exit', () => {
      if (thread?.worker === worker) thread = undefined
    })
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
      const head = new Int32Array(shared, 0, 2)
      Atomics.store(head, LENGTH, 0)
      worker.postMessage({ octets, method } satisfies TokenThreadQuestion)
      const trouble = waitForAnswer(head)
      if (trouble !== undefined) {
        end()
        throw new Fault('configuration', `${place.path}: ${trouble}`)
      }
      const octetsOfAnswer = Buffer.from(new Uint8Array(shared, HEAD_BYTES, Atomics.load(head, LENGTH)))
      const answer = JSON.parse(octetsOfAnswer.toString('utf8')) as TokenThreadAnswer
      if ('value' in answer) return Buffer.from(answer.value, 'base64')
      if (answer.code === THREAD_ENDED) end()
      throw new Fault(isFaultCode(answer.code) ? answer.code : 'internal', answer.detail)
    },
  }
}

/** The code of the answer that a thread leaves when it ends instead. */
export const THREAD_ENDED = 'thread-ended'

/**
 * Whoever waits gets no events, so the end of a thread that left no answer shows only by its
 * silence. Returns why there is no answer.
 */
function waitForAnswer(head: Int32Array): string | undefined {
  const begin = performance.now()
  let [beats, beatAt] = [Atomics.load(head, BEATS), begin]
  while (Atomics.wait(head, LENGTH, 0, BEAT) === 'timed-out') {
    const now = performance.now()
    const found = Atomics.load(head, BEATS)
    if (found !== beats) [beats, beatAt] = [found, now]
    if (now - beatAt >= SILENCE) return 'the thread that asks the token has ended'
    if (now - begin >= LONGEST_WAIT) return `the token did not answer in ${LONGEST_WAIT} ms`
  }
  return undefined
}
