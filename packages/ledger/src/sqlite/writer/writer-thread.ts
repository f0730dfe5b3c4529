// The writer's thread: takes what has arrived, commits it as one transaction, answers, and looks
// again.
import type { KeyObject } from 'node:crypto'
import { dirname, join } from 'node:path'
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { Fault } from '@seg/core'
import { BatchComposer } from '../../batch/compose-batch.ts'
import type { WriteOutcome, WriteRequest } from '../../batch/requests.ts'
import { FilesInPlace } from '../../files/files-in-place.ts'
import { releaseOctets } from '../../files/release-octets.ts'
import type { Sealer } from '../../ledger.ts'
import { type FromWriter, packOutcomes, type ToWriter, unpackRequests } from '../../writer/writer-messages.ts'
import { openDatabase } from '../database.ts'
import { migrations } from '../schema.ts'
import { bindLog } from './bind-log.ts'
import { LedgerWriter } from './ledger-writer.ts'
import { WriteAheadLog } from './write-ahead-log.ts'

/**
 * What the thread is started with; `sealer` names a module whose `openSealer(data)` makes receipts.
 */
export type WriterOptions = {
  readonly path: string
  /** A key object: NODE_DEBUG shows what a thread is started with, but no key in one. */
  readonly log: { readonly name: string; readonly privateKey: KeyObject }
  readonly sealer: { readonly module: string; readonly data: unknown }
}

/**
 * Documents of one transaction: a receipt costs a signature, and the first of a batch waits for the
 * last.
 */
const BATCH = 64

const port = parentPort as MessagePort
const { path, log, sealer } = workerData as WriterOptions

try {
  const database = await openDatabase(path, migrations)
  const { openSealer } = (await import(sealer.module)) as { openSealer: (data: unknown) => Sealer }
  const key = { name: log.name, privateKey: log.privateKey }
  bindLog(database, key)
  const writeAheadLog = new WriteAheadLog(database, path)
  const folder = dirname(path)
  const files = new FilesInPlace([folder, path, `${path}-wal`, join(folder, 'lock'), join(folder, 'contents')])
  const writer = new LedgerWriter(database, new BatchComposer(key, openSealer, sealer.data))
  serve(writer, writeAheadLog, files, async () => {
    await writeAheadLog.close()
    // The last connection: this one puts what is left of the log into the database.
    database.close()
  })
  send('ready')
} catch (error) {
  const fault = error instanceof Fault ? error : new Fault('storage-unavailable', (error as Error).message)
  send({ code: fault.code, detail: fault.detail })
  port.close()
}

function serve(
  writer: LedgerWriter,
  writeAheadLog: WriteAheadLog,
  files: FilesInPlace,
  close: () => Promise<void>,
): void {
  port.on('message', async (message: ToWriter) => {
    let isClosing = message === 'close'
    const waiting: WriteRequest[] = message === 'close' ? [] : unpackRequests(message)
    while (waiting.length > 0 || !isClosing) {
      // Whatever came while the last transaction was written shares the next one.
      for (let next = take(); next !== undefined; next = take()) {
        if (next === 'close') isClosing = true
        else waiting.push(...unpackRequests(next))
      }
      if (waiting.length === 0) break
      const requests = waiting.splice(0, BATCH)
      const { message, handedOver } = packOutcomes(commit(writer, files, requests))
      send(message, handedOver)
      for (const request of requests) releaseLarge(request)
      writeAheadLog.shorten()
    }
    if (!isClosing) return
    await close()
    port.close()
  })
}

/** Nothing is acknowledged that was written into files which are no longer there. */
function commit(writer: LedgerWriter, files: FilesInPlace, requests: readonly WriteRequest[]): readonly WriteOutcome[] {
  const outcomes = writer.commit(requests)
  const fault = files.lost()
  return fault === undefined ? outcomes : outcomes.map(() => ({ kind: 'failed', fault, isDoubtful: true }))
}

/** What was handed over with a message is this thread's own. */
function releaseLarge(request: WriteRequest): void {
  if (request.kind === 'accept' && 'octets' in request.content) releaseOctets(request.content.octets)
}

function take(): ToWriter | undefined {
  return receiveMessageOnPort(port)?.message
}

function send(message: FromWriter, handedOver: ArrayBuffer[] = []): void {
  port.postMessage(message, handedOver)
}
