// The writer's thread: takes what has arrived, commits it as one transaction, answers, and looks again.
import { createPrivateKey } from 'node:crypto'
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { Fault, type FaultCode } from '@seg/core'
import type { Sealer } from '../ledger.ts'
import { openDatabase } from './database.ts'
import { LedgerWriter, type Outcome, type Request } from './ledger-writer.ts'
import { migrations } from './schema.ts'
import { WriteAheadLog } from './write-ahead-log.ts'

/** What the thread is started with; `sealer` names a module whose `openSealer(data)` makes receipts. */
export type WriterOptions = {
  readonly path: string
  readonly log: { readonly name: string; readonly keyPem: string }
  readonly sealer: { readonly module: string; readonly data: unknown }
}

/** A Fault on its way between threads. */
export type SentFault = { readonly code: FaultCode; readonly detail: string }
export type SentOutcome =
  | Exclude<Outcome, { kind: 'failed' }>
  | { readonly kind: 'failed'; readonly fault: SentFault; readonly isDoubtful: boolean }
/** To the thread: requests, in order, or `close`. From it: `ready` or what kept it from that; outcomes in the order of the requests. */
export type ToWriter = readonly Request[] | 'close'
export type FromWriter = 'ready' | SentFault | readonly SentOutcome[]

/** Documents of one transaction: a receipt costs a signature, and the first of a batch waits for the last. */
const BATCH = 64

const port = parentPort as MessagePort
const { path, log, sealer } = workerData as WriterOptions

try {
  const database = await openDatabase(path, migrations)
  const { openSealer } = (await import(sealer.module)) as { openSealer: (data: unknown) => Sealer }
  const key = { name: log.name, privateKey: createPrivateKey(log.keyPem) }
  const writeAheadLog = new WriteAheadLog(database, path)
  serve(new LedgerWriter(database, key, openSealer(sealer.data)), writeAheadLog, async () => {
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

function serve(writer: LedgerWriter, writeAheadLog: WriteAheadLog, close: () => Promise<void>): void {
  port.on('message', async (message: ToWriter) => {
    let isClosing = message === 'close'
    const waiting: Request[] = message === 'close' ? [] : [...message]
    while (waiting.length > 0 || !isClosing) {
      // Whatever came while the last transaction was written shares the next one.
      for (let next = take(); next !== undefined; next = take()) {
        if (next === 'close') isClosing = true
        else waiting.push(...next)
      }
      if (waiting.length === 0) break
      send(writer.commit(waiting.splice(0, BATCH)).map(flatten))
      writeAheadLog.shorten()
    }
    if (!isClosing) return
    await close()
    port.close()
  })
}

function take(): ToWriter | undefined {
  return receiveMessageOnPort(port)?.message
}

function flatten(outcome: Outcome): SentOutcome {
  if (outcome.kind !== 'failed') return outcome
  const { fault, isDoubtful } = outcome
  return { kind: 'failed', fault: { code: fault.code, detail: fault.detail }, isDoubtful }
}

function send(message: FromWriter): void {
  port.postMessage(message)
}
