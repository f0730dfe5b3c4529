// `pnpm bench desk --behind`: what a desk has to catch up with. Rows that have become too old, and
// a ledger that it has never read; meanwhile it takes new facts, and is searched.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import type { openOutput } from '@seg/core'
import { openDatabase } from '@seg/ledger'
import { generate } from '@seg/pki'
import { openDesk } from '../../packages/operators/src/desk/desk.ts'
import { DESK_FILE, deskMigrations } from '../../packages/operators/src/desk/desk-schema.ts'
import { openDeskSearch } from '../../packages/operators/src/desk/desk-search.ts'
import { readThreadTimes } from '../bars/thread-times.ts'
import { fillLedger } from '../exchange/fill-ledger.ts'
import { describeMachine, writeMachine } from '../machine.ts'
import { formatCount, formatTime, writeTable } from '../tables.ts'
import { makeWorkFolder } from '../work-folder.ts'
import { fillDesk, partnerName } from './fill-desk.ts'

const DAY = 24 * 3600 * 1000
const ROOM = 100 * 2 ** 30
/** Milliseconds between two searches, and facts that come in with each. */
const [INTERVAL, FACTS] = [50, 10]

type Sizes = { readonly rows: number; readonly entries: number }
const full: Sizes = { rows: 10_000_000, entries: 1_000_000 }
const quick: Sizes = { rows: 1_000_000, entries: 100_000 }

type CaughtUp = {
  readonly seconds: number
  /** Seconds of processor time of the desk's thread. */
  readonly processor: number
  /** Most that the process had, and before it began; octets. */
  readonly memory: number
  readonly memoryBefore: number
  /** Milliseconds: of a search, and until a new fact is found. */
  readonly searches: readonly number[]
  readonly waits: readonly number[]
}

export async function runBehindBench(isQuick: boolean, output: ReturnType<typeof openOutput>): Promise<void> {
  const { rows, entries } = isQuick ? quick : full
  const machine = describeMachine()
  await using undo = new AsyncDisposableStack()
  const folder = await makeWorkFolder(undo)
  const [old, ledger, certs] = ['old', 'ledger', 'certs'].map(name => join(folder, name)) as [string, string, string]
  for (const one of [old, certs]) await mkdir(one)

  output.say(`making a desk of ${formatCount(rows)} rows`)
  const database = await openDatabase(join(old, DESK_FILE), deskMigrations)
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -400000')
  fillDesk(database, rows, Date.now())
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
  const begin = (Date.now() - 45 * DAY) * 4096
  const removing = await catchUp(
    old,
    45,
    desk => desk.prepare('SELECT 1 FROM facts WHERE position < ? LIMIT 1').get(begin) === undefined,
  )
  await rm(old, { recursive: true })

  output.say(`making a ledger of ${formatCount(entries)} entries`)
  await generate({ out: certs, key: 'ec-p256' })
  await fillLedger(ledger, certs, entries)
  const rebuilding = await catchUp(
    ledger,
    90,
    desk => Number(desk.prepare("SELECT value FROM cursors WHERE name = 'ledger'").get()?.value) >= entries,
  )
  const report = { machine, rows, entries, removing, rebuilding }
  output.report(
    report,
    [
      writeMachine(machine),
      writeTable(
        [
          '',
          'seconds',
          'a second',
          'processor (s)',
          'memory (MB)',
          'search p50',
          'p99',
          'worst',
          'new fact p50',
          'worst',
        ],
        [
          lineOf(`half of ${formatCount(rows)} rows are removed`, rows / 2, removing),
          lineOf(`${formatCount(entries)} entries are read`, entries, rebuilding),
        ],
      ),
    ].join('\n\n'),
  )
}

type AwaitedFact = { readonly document: string; readonly since: number }

async function catchUp(folder: string, days: number, isDone: (desk: DatabaseSync) => boolean): Promise<CaughtUp> {
  const memoryBefore = process.memoryUsage().rss
  let memory = memoryBefore
  const before = await readThreadTimes(process.pid)
  const begin = performance.now()
  const retention = { days, bytes: ROOM }
  const desk = openDesk({ folder, retention, outbox: undefined }, line => process.stderr.write(`${line}\n`))
  const path = join(folder, DESK_FILE)
  const search = await retried(() => openDeskSearch(folder))
  const reader = new DatabaseSync(path, { readOnly: true })
  const [searches, waits]: [number[], number[]] = [[], []]
  let awaited: AwaitedFact | undefined
  for (let round = 0; !isDone(reader); round++) {
    for (let i = 0; i < FACTS; i++)
      desk.note({
        ...({ kind: 'refusal', outcome: 'refused', at: Date.now(), code: 'xml-name' } as const),
        ...{ document: `new ${round} ${i}`, partner: partnerName(i) },
      })
    awaited ??= { document: `new ${round} 0`, since: performance.now() }
    const { document, since }: AwaitedFact = awaited
    for (const filter of [{}, { kind: 'refusal', partner: partnerName(7) }, { document }]) {
      const start = performance.now()
      const { facts } = search.page(filter, { limit: 50 })
      searches.push(performance.now() - start)
      if (!('document' in filter) || facts.length === 0) continue
      waits.push(performance.now() - since)
      awaited = undefined
    }
    memory = Math.max(memory, process.memoryUsage().rss)
    await pause(INTERVAL)
  }
  const seconds = (performance.now() - begin) / 1000
  const processor = ((await readThreadTimes(process.pid)).desk - before.desk) / 1e6
  reader.close()
  search.close()
  await desk.close()
  return { seconds, processor, memory, memoryBefore, searches, waits }
}

/** The thread makes the desk in its own time. */
async function retried<Value>(open: () => Value): Promise<Value> {
  for (;;) {
    try {
      return open()
    } catch {
      await pause(10)
    }
  }
}

function lineOf(what: string, count: number, { seconds, processor, searches, waits, ...measured }: CaughtUp): string[] {
  const memory = (measured.memory - measured.memoryBefore) / 2 ** 20
  return [
    what,
    seconds.toFixed(0),
    formatCount(count / seconds),
    processor.toFixed(0),
    `+${memory.toFixed(0)}`,
    ...[at(searches, 0.5), at(searches, 0.99), at(searches, 1), at(waits, 0.5), at(waits, 1)].map(formatTime),
  ]
}

function at(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}
