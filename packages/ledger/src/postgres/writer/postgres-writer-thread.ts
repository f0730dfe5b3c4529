// The thread of a node's worker: requests in, batches to PostgreSQL, outcomes out.
import type { KeyObject } from 'node:crypto'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { Fault } from '@seg/core'
import { BatchComposer } from '../../batch/compose-batch.ts'
import type { WriteRequest } from '../../batch/requests.ts'
import type { Sealer } from '../../ledger.ts'
import { type FromWriter, packOutcomes, type ToWriter, unpackRequests } from '../../writer/writer-messages.ts'
import type { PostgresPlace } from '../postgres-place.ts'
import { prepareDatabase } from './open-writer.ts'
import { PostgresWriter } from './postgres-writer.ts'
import { SealPace } from './seal-pace.ts'
import { SeenLogFile } from './seen-log.ts'

/** As those of the writer on SQLite. */
export type PostgresWriterOptions = {
  readonly place: PostgresPlace
  /** The data folder of this node. */
  readonly folder: string
  readonly log: { readonly name: string; readonly privateKey: KeyObject }
  readonly sealer: { readonly module: string; readonly data: unknown }
}

/** Requests of one transaction at the most: a receipt costs a signature, under the lock. */
const BATCH = 64

const port = parentPort as MessagePort
const { place, folder, log, sealer } = workerData as PostgresWriterOptions
const waiting: WriteRequest[] = []
const pace = new SealPace()
let isClosing = false
let arrived = Promise.withResolvers<void>()

try {
  const { openSealer } = (await import(sealer.module)) as { openSealer: (data: unknown) => Sealer }
  const key = { name: log.name, privateKey: log.privateKey }
  const seen = new SeenLogFile(folder)
  await prepareDatabase(place, key)
  const composer = new BatchComposer(key, pace.measured(openSealer), sealer.data)
  const writer = new PostgresWriter(place, key, composer, seen, () => pace.silence())
  port.on('message', (message: ToWriter) => {
    if (message === 'close') isClosing = true
    else waiting.push(...unpackRequests(message))
    arrived.resolve()
  })
  port.postMessage('ready' satisfies FromWriter)
  await serve(writer)
} catch (error) {
  const fault = error instanceof Fault ? error : new Fault('storage-unavailable', (error as Error).message)
  port.postMessage({ code: fault.code, detail: fault.detail } satisfies FromWriter)
  port.close()
}

async function serve(writer: PostgresWriter): Promise<void> {
  while (waiting.length > 0 || !isClosing) {
    if (waiting.length === 0) {
      await arrived.promise
      arrived = Promise.withResolvers()
      continue
    }
    const outcomes = await writer.commit((limit = waiting.length) => waiting.splice(0, limit), pace.most(BATCH))
    const { message, handedOver } = packOutcomes(outcomes)
    if (outcomes.length > 0) port.postMessage(message, handedOver)
  }
  await writer.close()
  port.close()
}
