// A thread that answers one question at a time within a bounded time; one that does not, or dies,
// is replaced before the next question.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

type ThreadOptions = {
  readonly script: URL
  /** Milliseconds for one answer. */
  readonly time: number
  readonly data?: unknown
}

const MEMORY = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 32 }

/** What a thread's script posts once its modules are loaded. */
export const LOADED = 'loaded'

type Thread = { readonly worker: Worker; readonly ended: AbortSignal }

/**
 * Started with its first question. A thread is never terminated while it loads its modules: V8 may
 * end the whole process then (`Check failed: (location_) != nullptr`, seen with Node 24 and a
 * module that awaits WebAssembly). Nothing of a peer's is in the thread yet, so that this time is
 * not a peer's.
 */
export class BoundedThread<Question, Answer> {
  readonly #options: ThreadOptions
  #loaded: Promise<Thread> | undefined

  constructor(options: ThreadOptions) {
    this.#options = options
  }

  /** Throws an Error that says why there is no answer. */
  async ask(question: Question): Promise<Answer> {
    const { time } = this.#options
    this.#loaded ??= startThread(this.#options)
    try {
      const { worker, ended } = await this.#loaded
      ended.throwIfAborted()
      worker.postMessage(question)
      const signal = AbortSignal.any([ended, AbortSignal.timeout(time)])
      const [answer] = (await once(worker, 'message', { signal })) as [Answer]
      return answer
    } catch (error) {
      await this.stop()
      const { name, message } = reasonOf(error as Error)
      throw new Error(name === 'TimeoutError' ? `it took more than ${time} ms` : message, { cause: error })
    }
  }

  async stop(): Promise<void> {
    const stopping = this.#loaded
    this.#loaded = undefined
    const thread = await stopping?.catch(() => undefined)
    await thread?.worker.terminate()
  }
}

/** Of an AbortError, what aborted. */
const reasonOf = (error: Error): Error =>
  error.name === 'AbortError' && error.cause instanceof Error ? error.cause : error

/** The output of its libraries may quote the document, so it is dropped. */
async function startThread({ script, data }: ThreadOptions): Promise<Thread> {
  const worker = new Worker(script, { stdout: true, stderr: true, resourceLimits: MEMORY, workerData: data })
  worker.stdout.resume()
  worker.stderr.resume()
  const ended = new AbortController()
  worker.on('error', () => {})
  worker.once('exit', () => ended.abort(new Error('its thread has ended')))
  await once(worker, 'message', { signal: ended.signal })
  return { worker, ended: ended.signal }
}
