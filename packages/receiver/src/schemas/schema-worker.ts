// The thread of the schemas: a document in, what its schema finds wrong out.
import { parentPort, workerData } from 'node:worker_threads'
import { LOADED } from '../shares/bounded-thread.ts'
import { openSchemaSet, type SchemaProblem, type SchemaSource } from './libxml2.ts'

/** Without a document the schema itself is tried out. */
export type SchemaQuestion = { readonly type: string; readonly document?: Uint8Array }
export type SchemaAnswer = { readonly problems: readonly SchemaProblem[] }

const problemsOf = openSchemaSet(workerData as readonly SchemaSource[])

parentPort?.on('message', ({ type, document }: SchemaQuestion) =>
  parentPort?.postMessage({ problems: problemsOf(type, document) } satisfies SchemaAnswer),
)
parentPort?.postMessage(LOADED)
