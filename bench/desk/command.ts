// `pnpm bench desk`: searching a desk of ten million rows with each filter of each list, also for
// values that no row has.
import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, openOutput } from '@seg/core'
import { openDatabase } from '@seg/ledger'
import type { DeskFilter, PageOf } from '../../packages/operators/src/desk/desk-query.ts'
import { deskMigrations } from '../../packages/operators/src/desk/desk-schema.ts'
import { DeskSearch } from '../../packages/operators/src/desk/desk-search.ts'
import { describeMachine, writeMachine } from '../machine.ts'
import { formatCount, formatTime, median, writeTable } from '../tables.ts'
import { makeWorkFolder } from '../work-folder.ts'
import { runBehindBench } from './behind.ts'
import { fillDesk, partnerName, REPLAYED } from './fill-desk.ts'

const PAGE = 50
const DAY = 24 * 3600 * 1000
const ROUNDS = 10

type Timing = {
  readonly query: string
  readonly rows: number
  readonly first: number
  readonly median: number
  readonly worst: number
  /** Milliseconds of processor time, warm. */
  readonly processor: number
}

type Options = { readonly quick?: true; readonly desk?: string; readonly behind?: true }

/** `desk` names a file that is used again, and made when it is missing. */
export async function runDeskBench(options: Options, command: Command): Promise<void> {
  const output = openOutput(command)
  if (options.behind) return runBehindBench(options.quick === true, output)
  const rows = options.quick ? 1_000_000 : 10_000_000
  const machine = describeMachine()
  await using undo = new AsyncDisposableStack()
  const folder = await makeWorkFolder(undo)
  const path = options.desk ?? join(folder, 'desk.sqlite')
  const isThere = existsSync(path)
  const database = await openDatabase(path, deskMigrations)
  undo.defer(() => database.close())
  if (!isThere) {
    output.say(`making a desk of ${formatCount(rows)} rows`)
    database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -400000')
    fillDesk(database, rows, Date.now())
    database.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA cache_size = -16000')
  }
  const search = new DeskSearch(database)
  const [newest] = search.page({}, { limit: 1 }).facts
  const end = newest!.at
  const sample = search.page({ outcome: 'accepted', from: end - 40 * DAY, to: end - 39 * DAY }, { limit: 1 }).facts[0]!
  const timings = [...queries(sample, end)].flatMap(([query, filter]) =>
    Object.entries(pages(sample)).map(([page, of]) =>
      time(`${query}${page}`, () => search.page(filter, of).facts.length),
    ),
  )
  for (const [name, days, step] of sums) {
    const from = end - days * DAY
    timings.push(time(`sums of ${name}, in steps`, () => search.series(from, end, step).length))
    timings.push(
      time(`sums of ${name}, in steps, of a partner`, () => search.series(from, end, step, partnerName(7)).length),
    )
    timings.push(time(`sums of ${name}, by partner`, () => search.counts(from, end).length))
  }
  timings.sort((a, b) => b.processor - a.processor)
  const report = { machine, rows, bytes: (await stat(path)).size, timings }
  output.report(
    report,
    `${writeMachine(machine)}\n` +
      `${formatCount(rows)} rows, ${(report.bytes / rows).toFixed(0)} bytes each\n${writeTimings(timings)}`,
  )
}

/** Of each list; its end is shown by its name. */
const pages = (sample: Sample): Readonly<Record<string, PageOf>> => ({
  '': { limit: PAGE },
  ', last page': { limit: PAGE, last: true },
  ', from the middle': { limit: PAGE, after: sample.position },
  ', backwards from the middle': { limit: PAGE, before: sample.position },
})

/** Ranges in days and steps in minutes, as the console asks for sums. */
const sums = [
  ['an hour', 1 / 24, 1],
  ['a day', 1, 30],
  ['a week', 7, 180],
  ['90 days', 90, 1440],
] as const

/** As lists of the API ask, of one kind; those of `facts list` and of the search have none. */
function* queries(sample: Sample, end: number): Generator<readonly [string, DeskFilter]> {
  yield ['first page', {}]
  yield ['time: an hour a month ago', { from: end - 30 * DAY, to: end - 30 * DAY + DAY / 24 }]
  for (const name of ['document', 'sha256', 'request', 'index'] as const) {
    yield [name, { [name]: sample[name] }]
    yield [`documents, ${name}`, { kind: 'document', [name]: sample[name] }]
  }
  const { certificate, address } = sample
  const others = { outcome: 'refused', partner: partnerName(7), code: 'timestamp-stale', certificate, address }
  for (const kind of ['document', 'refusal', 'connection', 'delivery']) {
    yield [kind, { kind }]
    for (const [i, [name, value]] of Object.entries(others).entries()) {
      yield [`${kind}, ${name}`, { kind, [name]: value }]
      for (const [also, other] of Object.entries(others).slice(i + 1))
        yield [`${kind}, ${name} and ${also}`, { kind, [name]: value, [also]: other }]
    }
  }
  for (const [name, value] of Object.entries(others)) yield [name, { [name]: value }]
  // What two thirds of all other rows have, and none of these.
  const [most, second] = [partnerName(0), partnerName(1)]
  yield ['refusals of the largest partner: none', { kind: 'refusal', partner: most }]
  yield ['replays of the largest partner: none', { kind: 'document', outcome: 'replayed', partner: most }]
  yield ['refused deliveries of the largest partner: none', { kind: 'delivery', outcome: 'refused', partner: most }]
  yield ['refusals of the address of most: none', { kind: 'refusal', address: '192.0.2.0' }]
  yield ['refusals of the document replayed most: none', { kind: 'refusal', document: REPLAYED }]
  yield ['replays of it', { kind: 'document', document: REPLAYED }]
  yield ['accepted of it: none', { kind: 'document', outcome: 'accepted', document: REPLAYED }]
  yield ['largest partner', { partner: most }]
  yield ['documents of the largest partner', { kind: 'document', partner: most }]
  yield ['refusals, partner and code', { kind: 'refusal', partner: partnerName(7), code: 'timestamp-stale' }]
  yield ['refusals, partner and a code of others: none', { kind: 'refusal', partner: second, code: 'timestamp-stale' }]
  yield [
    'documents, partner and the address of another: none',
    { kind: 'document', partner: second, address: '192.0.2.0' },
  ]
  yield [
    'documents, a document and a partner without it: none',
    { kind: 'document', partner: most, document: REPLAYED },
  ]
}

type Sample = ReturnType<DeskSearch['page']>['facts'][number]

function time(query: string, run: () => number): Timing {
  const once = () => {
    const [begin, used] = [performance.now(), process.cpuUsage()]
    const rows = run()
    const { user, system } = process.cpuUsage(used)
    return { rows, time: performance.now() - begin, processor: (user + system) / 1000 }
  }
  const { rows, time: first } = once()
  const rounds = Array.from({ length: ROUNDS }, once)
  const times = rounds.map(round => round.time)
  const processor = median(rounds.map(round => round.processor))
  return { query, rows, first, median: median(times), worst: Math.max(...times), processor }
}

function writeTimings(timings: readonly Timing[]): string {
  const lines = timings.map(({ query, rows, first, median, worst, processor }) => [
    query,
    String(rows),
    ...[first, median, worst, processor].map(formatTime),
  ])
  return writeTable(['query', 'rows', 'first', 'median warm', 'worst warm', 'processor, warm (ms)'], lines)
}
