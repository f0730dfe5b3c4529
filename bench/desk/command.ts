// `pnpm bench desk`: searching a desk of ten million rows, each filter by itself.
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, openOutput, rootFolder } from '@seg/core'
import { openDatabase } from '@seg/ledger'
import { deskMigrations } from '../../packages/operators/src/desk/desk-schema.ts'
import { type DeskFilter, DeskSearch, type PageOf } from '../../packages/operators/src/desk/desk-search.ts'
import { describeMachine, writeMachine } from '../machine.ts'
import { formatCount, formatTime, writeTable } from '../tables.ts'
import { fillDesk, partnerName } from './fill-desk.ts'

const PAGE = 50
const DAY = 24 * 3600 * 1000
const ROUNDS = 20

type Timing = {
  readonly query: string
  readonly rows: number
  readonly first: number
  readonly median: number
  readonly worst: number
}

export async function runDeskBench(options: { readonly quick?: true }, command: Command): Promise<void> {
  const output = openOutput(command)
  const rows = options.quick ? 300_000 : 10_000_000
  const machine = describeMachine()
  const home = join(rootFolder, 'data')
  await mkdir(home, { recursive: true })
  await using undo = new AsyncDisposableStack()
  const folder = await mkdtemp(join(home, 'bench-'))
  undo.defer(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'desk.sqlite')
  const database = await openDatabase(path, deskMigrations)
  undo.defer(() => database.close())
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -400000')
  output.say(`making a desk of ${formatCount(rows)} rows`)
  const [end, begin] = [Date.now(), performance.now()]
  fillDesk(database, rows, end)
  database.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA cache_size = -16000')
  const filled = (performance.now() - begin) / 1000
  const search = new DeskSearch(database)
  const sample = search.page({ outcome: 'accepted', from: end - 40 * DAY, to: end - 39 * DAY }, { limit: 1 }).facts[0]!
  const timings = [...queries(sample, end)].map(([query, filter, page]) =>
    time(query, () => search.page(filter, page).facts.length),
  )
  timings.push(time('counts of a day', () => search.counts(end - DAY, end).length))
  const report = { machine, rows, bytes: (await stat(path)).size, filled, timings }
  output.report(
    report,
    `${writeMachine(machine)}\n` +
      `${formatCount(rows)} rows, ${(report.bytes / rows).toFixed(0)} bytes each\n${writeTimings(timings)}`,
  )
}

function* queries(sample: Sample, end: number): Generator<readonly [string, DeskFilter, PageOf]> {
  const first = { limit: PAGE }
  yield ['first page', {}, first]
  yield ['page in the middle', {}, { limit: PAGE, after: sample.position }]
  yield ['last page, backwards', {}, { limit: PAGE, last: true }]
  yield ['time: an hour a month ago', { from: end - 30 * DAY, to: end - 30 * DAY + DAY / 24 }, first]
  for (const name of ['document', 'sha256', 'request', 'index'] as const) yield [name, { [name]: sample[name] }, first]
  const { certificate, address } = sample
  const others = {
    kind: 'connection',
    outcome: 'refused',
    partner: partnerName(7),
    code: 'timestamp-stale',
    certificate,
    address,
  }
  for (const [name, value] of Object.entries(others)) {
    yield [name, { [name]: value }, first]
    yield [`${name}, last page`, { [name]: value }, { limit: PAGE, last: true }]
  }
  yield ['partner and code', { partner: partnerName(7), code: 'timestamp-stale' }, first]
}

type Sample = ReturnType<DeskSearch['page']>['facts'][number]

function time(query: string, run: () => number): Timing {
  const once = () => {
    const begin = performance.now()
    const rows = run()
    return { rows, time: performance.now() - begin }
  }
  const { rows, time: first } = once()
  const times = Array.from({ length: ROUNDS }, () => once().time).sort((a, b) => a - b)
  return { query, rows, first, median: times[ROUNDS / 2]!, worst: times.at(-1)! }
}

function writeTimings(timings: readonly Timing[]): string {
  const lines = timings.map(({ query, rows, first, median, worst }) => [
    query,
    String(rows),
    ...[first, median, worst].map(formatTime),
  ])
  return writeTable(['query', 'rows', 'first', 'median warm', 'worst warm (ms)'], lines)
}
