// Documents validated against the schemas of their types, in threads of their own, for a bounded
// time, fairly by partner. What cannot be validated is not accepted.
import { extname } from 'node:path'
import { Fault, quote } from '@seg/core'
import { BoundedThread } from '../shares/bounded-thread.ts'
import { FairQueue } from '../shares/fair-queue.ts'
import type { SchemaProblem, SchemaSource } from './libxml2.ts'
import type { SchemaAnswer, SchemaQuestion } from './schema-worker.ts'

export type Schemas = {
  /** Whether documents of this type have a schema. */
  has(type: string): boolean
  /**
   * Resolves when the document is as its schema says; `read` gives it once it is its turn. Throws
   * the Fault `schema-invalid`, `schema-unavailable` when that cannot be found out, and
   * `rate-limit` and `overloaded` when too much waits.
   */
  check(partner: string, type: string, bytes: number, read: () => Promise<Uint8Array>): Promise<void>
  /**
   * Others have taken their place. Documents that began with these may still ask; the threads end
   * with the last answer.
   */
  retire(): Promise<void>
  close(): Promise<void>
}

type Bounds = {
  /** Milliseconds for one document. */
  readonly schemaTime: number
  /** Of the largest document that is validated. */
  readonly schemaBytes: number
}

type SchemaThread = BoundedThread<SchemaQuestion, SchemaAnswer>

/** The same file, whether run as it is written or compiled. */
const script = new URL(`./schema-worker${extname(import.meta.filename)}`, import.meta.url)
/** One thread is for each partner at the most, so one partner leaves a thread to the others. */
const THREADS = 2
/** Milliseconds for the first answer: the thread starts, and compiles all schemas of the type. */
const START_TIME = 30_000
/** Bytes that are validated in a millisecond, for an estimate. */
const PACE = 2_000

/**
 * Tries each schema out. Throws the Fault `configuration` for one that cannot be used, with file
 * and line.
 */
export async function openSchemas(sources: readonly SchemaSource[], bounds: Bounds): Promise<Schemas> {
  await tryOut(sources)
  return startSchemas(sources, bounds)
}

/** Each was tried out before. */
export function startSchemas(sources: readonly SchemaSource[], { schemaTime, schemaBytes }: Bounds): Schemas {
  const threads = Array.from(
    { length: THREADS },
    (): SchemaThread => new BoundedThread({ script, time: schemaTime, data: sources }),
  )
  const queue = new FairQueue(threads, {
    what: 'documents to be validated',
    ofOne: { count: 64, cost: 2 * schemaTime },
    ofAll: { count: 256, cost: 4 * schemaTime },
    longestWait: 2 * schemaTime,
  })
  const stop = async () => {
    await Promise.all(threads.map(thread => thread.stop()))
  }
  let asked = 0
  let isRetired = false
  return {
    has: type => sources.some(source => source.type === type),
    async check(partner, type, bytes, read) {
      if (bytes > schemaBytes)
        throw new Fault(
          'document-too-large',
          `expected at most ${schemaBytes} bytes of a ${type}, which has a schema, found ${bytes}`,
        )
      const cost = Math.min(schemaTime, 1 + bytes / PACE)
      asked++
      try {
        const question = async (thread: SchemaThread) => ask(thread, { type, document: await read() })
        const { problems } = await queue.run(partner, cost, question)
        if (problems.length > 0) throw new Fault('schema-invalid', `${type}: ${describe(problems)}`)
      } finally {
        asked--
        if (isRetired && asked === 0) void stop()
      }
    },
    async retire() {
      isRetired = true
      if (asked === 0) await stop()
    },
    close: stop,
  }
}

async function ask(thread: SchemaThread, question: SchemaQuestion): Promise<SchemaAnswer> {
  try {
    return await thread.ask(question)
  } catch (cause) {
    const reason = (cause as Error).message
    throw new Fault('schema-unavailable', `the schema of ${question.type} could not be asked: ${reason}`, { cause })
  }
}

async function tryOut(sources: readonly SchemaSource[]): Promise<void> {
  if (sources.length === 0) return
  const thread: SchemaThread = new BoundedThread({ script, time: START_TIME, data: sources })
  try {
    for (const { type, files } of sources) {
      const { problems } = await thread.ask({ type })
      if (problems.length > 0)
        throw new Fault('configuration', `the schema of ${type}: ${describe(problems, files[0]![0])}`)
    }
  } finally {
    await thread.stop()
  }
}

/** The first, and how many more. */
function describe(problems: readonly SchemaProblem[], file?: string): string {
  const [{ line, message, file: named = file }] = problems as [SchemaProblem]
  const place = named === undefined || file === undefined ? `line ${line}` : `${named}:${line}`
  const more = problems.length > 1 ? `, and ${problems.length - 1} more` : ''
  return `${place}: ${quote(message.trim())}${more}`
}
