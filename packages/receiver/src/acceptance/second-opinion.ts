// xml-crypto in threads of their own, for a bounded time: it is slow, and what is slow must hold up
// neither the receiver nor another partner.
import { extname } from 'node:path'
import { Fault } from '@seg/core'
import { BoundedThread } from '../shares/bounded-thread.ts'
import { FairQueue } from '../shares/fair-queue.ts'
import type { OpinionAnswer, OpinionQuestion } from './second-opinion-worker.ts'

export type SecondOpinionMode = 'off' | 'report' | 'require'

export type SecondOpinion = {
  readonly mode: SecondOpinionMode
  /**
   * Resolves when xml-crypto agrees. Throws the Fault `second-opinion` when it does not, or cannot
   * finish; `rate-limit` when too much of the partner's is waiting, and `overloaded` when too much
   * of all partners' is, or this has waited too long.
   */
  ask(partner: string, question: OpinionQuestion): Promise<void>
  close(): Promise<void>
}

type OpinionThread = BoundedThread<OpinionQuestion, OpinionAnswer>

/** The same file, whether run as it is written or compiled. */
const script = new URL(`./second-opinion-worker${extname(import.meta.filename)}`, import.meta.url)
/** One thread is for each partner at the most, so one partner leaves a thread to the others. */
const THREADS = 2

/**
 * A thread is started with its first question, and again after one that it could not finish within
 * `time` milliseconds.
 */
export function openSecondOpinion(mode: SecondOpinionMode, time: number): SecondOpinion {
  const threads = Array.from({ length: THREADS }, (): OpinionThread => new BoundedThread({ script, time }))
  const queue = new FairQueue(threads, {
    what: 'second opinions',
    ofOne: { count: 64, cost: 2 * time },
    ofAll: { count: 256, cost: 4 * time },
    longestWait: 2 * time,
  })
  return {
    mode,
    ask: (partner, question) =>
      queue.run(partner, costOf(question, time), async thread => {
        const { fault } = await ask(thread, question)
        if (fault !== undefined) throw new Fault('second-opinion', fault)
      }),
    async close() {
      await Promise.all(threads.map(thread => thread.stop()))
    },
  }
}

/**
 * Of the longest documents that take all of `time` at the worst: the work of xml-crypto and its
 * parser grows with the square of the length.
 */
const WORST_BYTES = 256 * 1024
/** Milliseconds for a document of no length. */
const LEAST_COST = 2

/** Milliseconds that a question may well take. */
function costOf({ document }: OpinionQuestion, time: number): number {
  return Math.min(time, LEAST_COST + time * (document.length / WORST_BYTES) ** 2)
}

async function ask(thread: OpinionThread, question: OpinionQuestion): Promise<OpinionAnswer> {
  try {
    return await thread.ask(question)
  } catch (cause) {
    throw new Fault('second-opinion', `xml-crypto could not finish: ${(cause as Error).message}`, { cause })
  }
}
