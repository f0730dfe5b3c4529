// xml-crypto in a thread of its own, one document at a time, for a bounded time: it is slow, and what is slow must not hold up the receiver.
import { once } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Fault } from '@seg/core'
import type { Answer, Question } from './second-opinion-worker.ts'

export type SecondOpinionMode = 'off' | 'report' | 'require'

export type SecondOpinion = {
  readonly mode: SecondOpinionMode
  /** Resolves when xml-crypto agrees. Throws the Fault `second-opinion` when it does not, or cannot finish. */
  ask(question: Question): Promise<void>
  close(): Promise<void>
}

/** The same file, whether run as it is written or compiled. */
const script = new URL(`./second-opinion-worker${extname(import.meta.filename)}`, import.meta.url)
const MEMORY = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 32 }

/** The thread is started with the first question, and again after one that it could not finish within `time` milliseconds. */
export function openSecondOpinion(mode: SecondOpinionMode, time: number): SecondOpinion {
  let worker: Worker | undefined
  let turn: Promise<void> = Promise.resolve()

  const stop = async () => {
    const stopping = worker
    worker = undefined
    await stopping?.terminate()
  }
  const ask = async (question: Question) => {
    worker ??= startWorker()
    try {
      worker.postMessage(question)
      const [{ fault }]: [Answer] = (await once(worker, 'message', { signal: AbortSignal.timeout(time) })) as [Answer]
      if (fault !== undefined) throw new Fault('second-opinion', fault)
    } catch (cause) {
      if (cause instanceof Fault) throw cause
      await stop()
      const reason = (cause as Error).name === 'AbortError' ? `it took more than ${time} ms` : (cause as Error).message
      throw new Fault('second-opinion', `xml-crypto could not finish: ${reason}`, { cause })
    }
  }
  return {
    mode,
    ask(question) {
      const answer = turn.then(() => ask(question))
      turn = answer.catch(() => {})
      return answer
    },
    close: stop,
  }
}

/** What its parser prints quotes the document: nobody gets to see it. */
function startWorker(): Worker {
  const worker = new Worker(script, { stdout: true, stderr: true, resourceLimits: MEMORY })
  worker.stdout.resume()
  worker.stderr.resume()
  worker.on('error', () => {})
  return worker
}
