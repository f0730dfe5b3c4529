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

/** Started with its first question. */
export class BoundedThread<Question, Answer> {
  readonly #options: ThreadOptions
  #worker: Worker | undefined

  constructor(options: ThreadOptions) {
    this.#options = options
  }

  /** Throws an Error that says why there is no answer. */
  async ask(question: Question): Promise<Answer> {
    const { time } = this.#options
    this.#worker ??= startWorker(this.#options)
    const worker = this.#worker
    try {
      worker.postMessage(question)
      const [answer] = (await once(worker, 'message', { signal: AbortSignal.timeout(time) })) as [Answer]
      return answer
    } catch (cause) {
      await this.stop()
      const { name, message } = cause as Error
      throw new Error(name === 'AbortError' ? `it took more than ${time} ms` : message, { cause })
    }
  }

  async stop(): Promise<void> {
    const stopping = this.#worker
    this.#worker = undefined
    await stopping?.terminate()
  }
}

/** The output of its libraries may quote the document, so it is dropped. */
function startWorker({ script, data }: ThreadOptions): Worker {
  const worker = new Worker(script, { stdout: true, stderr: true, resourceLimits: MEMORY, workerData: data })
  worker.stdout.resume()
  worker.stderr.resume()
  worker.on('error', () => {})
  return worker
}
