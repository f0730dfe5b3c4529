// The desk's thread: keeps what memory sends, enters it, follows the ledger and the outbox, and
// removes what is old.
import { renameSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { asFault, pollLoop, readSection } from '@seg/core'
import { openDatabase, openSharedNotes, type SharedNotes } from '@seg/ledger'
import { alertsSection, openAlertChannels } from '../alerts/alerts-section.ts'
import { type AlertWatch, watchAlerts } from '../alerts/watch-alerts.ts'
import { MetricStore } from '../metrics/metric-store.ts'
import { openThreadMetrics } from '../metrics/thread-metrics.ts'
import type { FromDesk, ToDesk } from './desk-messages.ts'
import { DESK_FILE, deskMigrations } from './desk-schema.ts'
import { DeskStore } from './desk-store.ts'
import { followLedger, type Source } from './follow-ledger.ts'
import { followOutbox } from './follow-outbox.ts'
import { Pruner, type Retention } from './retention.ts'

/** What the thread is started with. */
export type DeskOptions = {
  /** The data folder of the ledger. */
  readonly folder: string
  readonly retention: Retention
  /** The data folder of a sender whose outbox is followed, too. */
  readonly outbox: string | undefined
  /** Of the gateway, for who is notified; without it there are no alerts. */
  readonly alerts?: {
    readonly gateway: string
    /** Of several with one ledger; these wait until it is known which of them sends. */
    readonly node?: string | undefined
    readonly config: string | undefined
  }
}

/** Milliseconds between two looks at spool and ledger: many rows a transaction cost less. */
const LOOK_INTERVAL = 500
/** What the write-ahead log may keep of the disk once all of it is in the database. */
const LOG_BYTES = 64 * 2 ** 20
/** Milliseconds between two searches for old rows. */
const PRUNE_INTERVAL = 60_000

const port = parentPort as MessagePort
const { folder, retention, outbox, alerts } = workerData as DeskOptions
// On Linux a thread has a priority of its own: where processors are busy, documents go first.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_LOW)

const stop = new AbortController()
let gathered: { facts: string; count: number }[] = []
let opened:
  | {
      readonly database: DatabaseSync
      readonly store: DeskStore
      readonly sources: readonly Source[]
      readonly pruner: Pruner
    }
  | undefined
let nextPrune = 0

const metrics = new MetricStore()
const measuring = openThreadMetrics(folder, metrics, send)
let watching: Promise<AlertWatch> | undefined
let notes: SharedNotes | undefined
let isEvaluating = false
let leads = alerts?.node === undefined

port.on('message', (message: ToDesk) => {
  if (message === 'close') return stop.abort()
  if ('samples' in message) return measuring.take(message.samples)
  if ('leads' in message) return lead(message.leads)
  if ('ask' in message) return void answer(message.ask, message.isOpen)
  gathered.push(message)
  if (!stop.signal.aborted) attempt(spool)
})

await pollLoop(look, { interval: LOOK_INTERVAL, signal: stop.signal, complain: trouble => send({ trouble }) })
attempt(spool)
await close()
send('closed')
port.close()

function lead(value: boolean): void {
  leads = value
}

/** Nothing here waits for a channel of alerts. */
async function evaluateAlerts(): Promise<void> {
  if (alerts === undefined || isEvaluating) return
  isEvaluating = true
  try {
    watching ??= openAlerts(alerts)
    await (await watching).evaluate(new Date(), leads)
  } catch (error) {
    watching = undefined
    send({ trouble: `alerts: ${asFault(error).message}` })
  } finally {
    isEvaluating = false
  }
}

async function openAlerts({ gateway, node, config }: NonNullable<DeskOptions['alerts']>): Promise<AlertWatch> {
  const { path, value } = readSection(config, alertsSection)
  const channels = await openAlertChannels(path, value)
  if (node !== undefined) notes ??= openSharedNotes(folder)
  return watchAlerts({ folder, gateway, node, channels, metrics, notes, complain: trouble => send({ trouble }) })
}

/** A failure has no answer: who asked waits a bounded time. */
async function answer(number: number, isOpen: boolean): Promise<void> {
  await measuring.measure(opened)
  const { renderMetrics } = await import('../metrics/render-metrics.ts')
  send({ answer: number, metrics: await renderMetrics(metrics, isOpen) })
}

/**
 * A step of each in turn: what is new waits for no more than a step of what is old. One that fails
 * rests until the next look, and holds up no other.
 */
async function look(): Promise<void> {
  await measureInTime()
  const { store, sources, pruner } = await open()
  spool()
  const failures = new Map<Source, unknown>()
  while (!stop.signal.aborted) {
    let isMore = store.enterSpooled()
    for (const source of sources) {
      if (failures.has(source)) continue
      const entered = await source.enterSome(store).catch(error => {
        failures.set(source, error)
        return false
      })
      isMore = entered || isMore
    }
    isMore = removeSome(pruner) || isMore
    if (!isMore) break
    await nextTurn()
    await measureInTime()
  }
  for (const failure of failures.values()) throw failure
}

async function measureInTime(): Promise<void> {
  if (!measuring.isDue()) return
  await measuring.measure(opened)
  void evaluateAlerts()
}

function removeSome(pruner: Pruner): boolean {
  if (performance.now() < nextPrune) return false
  const isMore = pruner.removeSome(Date.now())
  if (!isMore) nextPrune = performance.now() + PRUNE_INTERVAL
  return isMore
}

/**
 * Crash before: what was gathered is lost, and its rows say so. After: it is entered later. With a
 * full spool nothing is taken: the main thread counts what does not fit its queue.
 */
function spool(): void {
  if (gathered.length === 0 || opened === undefined || opened.store.isSpoolFull()) return
  opened.store.spool(gathered.map(({ facts }) => facts))
  const taken = gathered.reduce((sum, { count }) => sum + count, 0)
  gathered = []
  send({ taken })
}

function attempt(work: () => void): void {
  try {
    work()
  } catch (error) {
    send({ trouble: asFault(error).message })
  }
}

async function open() {
  if (opened !== undefined) return opened
  const database = await openDesk()
  const store = new DeskStore(database, metrics)
  const sources: Source[] = [followLedger(folder, retention.days)]
  if (outbox !== undefined) sources.push(followOutbox(outbox))
  opened = { database, store, sources, pruner: new Pruner(database, retention) }
  return opened
}

/**
 * A desk that is damaged, or has read more of a log than there is (after a restore), is renamed and
 * rebuilt.
 */
async function openDesk(): Promise<DatabaseSync> {
  const path = join(folder, DESK_FILE)
  try {
    const database = await openSynced(path)
    if (await followLedger(folder, retention.days).isBehind(new DeskStore(database, metrics))) {
      database.close()
      putAside(path, 'it knows more of the log than the ledger has')
      return await openSynced(path)
    }
    return database
  } catch (error) {
    const { message } = asFault(error)
    if (!/SQLITE_(CORRUPT|NOTADB)/.test(message)) throw error
    putAside(path, message)
    return await openSynced(path)
  }
}

/** NORMAL: a power failure may take the last transactions, and never damages the rest. */
async function openSynced(path: string): Promise<DatabaseSync> {
  const database = await openDatabase(path, deskMigrations)
  database.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16000')
  database.exec(`PRAGMA journal_size_limit = ${LOG_BYTES}`)
  return database
}

function putAside(path: string, why: string): void {
  const aside = `${path}.aside-${Date.now()}`
  for (const end of ['', '-wal', '-shm']) {
    try {
      renameSync(`${path}${end}`, `${aside}${end}`)
    } catch {
      // Not each of them is always there.
    }
  }
  send({ trouble: `the desk is made again from the ledger, the former is ${aside}: ${why}` })
}

async function close(): Promise<void> {
  for (const source of opened?.sources ?? []) await source.close()
  await measuring.close()
  await watching?.then(
    watch => watch.close(),
    () => {},
  )
  await notes?.close()
  opened?.database.close()
}

function send(message: FromDesk): void {
  port.postMessage(message)
}
