// Follows accepted documents through the desk, and has a thread take values out of each: bounded in
// time and memory, after the acceptance, so nothing waits for it and nothing is refused for it.
// Partners whose documents take long share half of that thread, and hold up none of the others.
import { createHash } from 'node:crypto'
import { extname } from 'node:path'
import { Fault, pollLoop } from '@seg/core'
import type { NextDocument } from '@seg/operators'
import type { DocumentType } from '@seg/xmldsig'
import { BoundedThread } from '../shares/bounded-thread.ts'
import { IndexTurns } from './index-turns.ts'
import type { IndexAnswer, IndexOptions, IndexQuestion } from './index-worker.ts'

/** Milliseconds for one document, or one look at the desk, on a thread that others go before. */
const EVALUATION_TIME = 10_000
const START_TIME = 30_000
/** Milliseconds between two looks when there was nothing. */
const INTERVAL = 500
/** Bytes: of a larger document its row says that it is not evaluated. */
const MOST_BYTES = 4 * 1024 * 1024

/** Milliseconds: a partner with a document that takes longer waits for its turns. */
const SLOW = 1000
/** Partners that do at once; further ones are taken as they come. */
const MOST_SLOW = 64

type IndexThread = BoundedThread<IndexQuestion, IndexAnswer>
export type Indexing = { close(): Promise<void> }

/** The same file, whether run as it is written or compiled. */
const script = new URL(`./index-worker${extname(import.meta.filename)}`, import.meta.url)

function openThread(folder: string, types: readonly DocumentType[], time: number): IndexThread {
  const expressions = types.map(({ name, index, prefixes }) => [name, index, prefixes])
  const version = createHash('sha256').update(JSON.stringify(expressions)).digest('hex').slice(0, 16)
  return new BoundedThread({
    script,
    time,
    data: { folder, types, version, mostBytes: MOST_BYTES } satisfies IndexOptions,
  })
}

const hasIndex = (types: readonly DocumentType[]) => types.some(({ index }) => index.length > 0)

/** Throws the Fault `configuration` for an expression that does not compile. */
export async function tryExpressions(types: readonly DocumentType[]): Promise<void> {
  if (!hasIndex(types)) return
  const thread = openThread('', types, START_TIME)
  try {
    const { problem } = await thread.ask({ do: 'compile' })
    if (problem !== undefined) throw new Fault('configuration', problem)
  } finally {
    await thread.stop()
  }
}

/** `typesNow`: as they are at each look. */
export function indexDocuments(
  folder: string,
  typesNow: () => readonly DocumentType[],
  complain: (line: string) => void,
  { evaluationTime = EVALUATION_TIME, slow = SLOW } = {},
): Indexing {
  const stop = new AbortController()
  let types: readonly DocumentType[] | undefined
  let thread: IndexThread | undefined
  const look = async () => {
    if (types !== typesNow()) {
      types = typesNow()
      await thread?.stop()
      thread = hasIndex(types) ? openThread(folder, types, evaluationTime) : undefined
    }
    const turns = new IndexTurns(evaluationTime)
    while (thread !== undefined && !stop.signal.aborted) {
      const of = turns.next()
      if (of === 'nobody') return
      const { document, slow: waiting = [], problem } = await thread.ask({ do: 'find', ...(of !== 'others' && { of }) })
      if (problem !== undefined) throw new Error(problem)
      turns.found(of, document !== undefined, waiting)
      if (document === undefined) continue
      const begin = performance.now()
      await evaluate(thread, document)
      const time = performance.now() - begin
      turns.spent(of, time)
      if (of === 'others' && time > slow && waiting.length < MOST_SLOW) await ask(thread, { do: 'wait', document })
    }
  }
  const ended = pollLoop(look, {
    interval: INTERVAL,
    signal: stop.signal,
    complain: line => complain(`the index of documents: ${line}`),
  })
  return {
    async close() {
      stop.abort()
      await ended
      await thread?.stop()
    },
  }
}

/**
 * The thread that took too long was replaced; its document is not asked again. Throws an Error when
 * the desk cannot be written: then the document is next again.
 */
async function evaluate(thread: IndexThread, document: NextDocument): Promise<void> {
  const overtaken = (error: Error): IndexQuestion => ({ do: 'evaluate', document, reason: error.message })
  const asked = thread.ask({ do: 'evaluate', document }).catch(error => thread.ask(overtaken(error as Error)))
  const { problem } = await asked
  if (problem !== undefined) throw new Error(problem)
}

async function ask(thread: IndexThread, question: IndexQuestion): Promise<void> {
  const { problem } = await thread.ask(question)
  if (problem !== undefined) throw new Error(problem)
}
