// Every durable write of an acceptance, failed or fatal, one at a time: whatever was acknowledged
// is there after the next start, and the rest is whole or not there.
import { cp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checks } from '../testing/entry-sealer.ts'
import { countCalls, injectionOf, noStrace, overPoints, runTraced } from '../testing/fault-points.ts'
import { collect, makeFolder, makeSample, readBytes, sender } from '../testing/sample-documents.ts'
import { openTestLedger } from '../testing/test-ledger.ts'
import { acceptBytes, verifierKey } from '../testing/test-log.ts'
import { verifyLedger } from '../verification/verify-ledger.ts'
import { openSqliteEvidence } from './evidence.ts'

const script = join(import.meta.dirname, '../testing/accept-few.ts')
const sizes = { small: 3000, large: 300_000, last: 3000 } as const
/** Of `script`. */
const REQUESTS = 4
/** Calls that change what is on the disk, and whether they are so many that some will do. */
const calls = { pwrite64: 8, fsync: 1, rename: 1, unlink: 1, mkdir: 1, ftruncate: 1 } as const
/**
 * Nobody can tell these calls of libuv's apart from those to its own pipes: none is made to fail.
 */
const fatalCalls = { ...calls, write: 3 } as const

t.test(
  'a process that is killed at any of its writes loses nothing that it acknowledged',
  { skip: noStrace },
  async t => {
    const { folder, count } = await prepare(t, 'used')
    let killed = 0
    await overPoints(fatalCalls, count, async (call, when) => {
      const outcomes = await runAndCheck(t, folder, `${call}-${when}`, injectionOf(call, 'signal=KILL', when))
      if (outcomes.size < REQUESTS) killed++
    })
    t.ok(killed > 0, `${killed} processes were killed among their requests`)
  },
)

t.test('nor does one that is killed at any of the writes of its first start', { skip: noStrace }, async t => {
  const { folder, count } = await prepare(t, 'new')
  let killed = 0
  await overPoints({ ...calls, pwrite64: 24, fsync: 2 }, count, async (call, when) => {
    const outcomes = await runAndCheck(t, folder, `${call}-${when}`, injectionOf(call, 'signal=KILL', when))
    if (outcomes.size < REQUESTS) killed++
  })
  t.ok(killed > 0, `${killed} processes were killed`)
})

t.test('a write that fails fails one request, and the next one is taken', { skip: noStrace }, async t => {
  const { folder, count } = await prepare(t, 'used')
  let failures = 0
  const tried = await overPoints(calls, count, async (call, when) => {
    const outcomes = await runAndCheck(t, folder, `${call}-${when}`, injectionOf(call, 'error=EIO', when))
    const failed = [...outcomes].filter(([, outcome]) => outcome !== 'done')
    t.same(
      failed.map(([, outcome]) => outcome),
      failed.map(() => 'storage-unavailable'),
      `${call} ${when}: ${failed.length} failed`,
    )
    // One in each of the threads that write: that of the database, and that of files.
    t.ok(failed.length <= 2, `${call} ${when}: ${failed.map(([name]) => name)}`)
    failures += failed.length
  })
  t.ok(failures > tried / 20, `${failures} requests failed`)
})

t.test(
  'a request whose commit could not be synced is there whole or not at all after a kill',
  { skip: noStrace },
  async t => {
    const { folder, count } = await prepare(t, 'used')
    let lost = 0
    // Not all of them are of the write-ahead log: of these, twice as many are tried.
    const tried = await overPoints({ fsync: 1 / 2 }, count, async (call, when) => {
      const name = `${call}-${when}`
      const log = join(folder, '..', name, 'ledger.sqlite-wal')
      const outcomes = await runAndCheck(t, folder, name, ['-P', log, ...injectionOf(call, 'error=EIO', when)], ['die'])
      lost += Number([...outcomes.values()].includes('storage-unavailable'))
    })
    t.ok(lost > tried / 10, `${lost} processes died of it`)
  },
)

/**
 * A folder to start from, and how often a clean run makes each call, at most, in one of its
 * threads.
 */
async function prepare(t: Test, kind: 'new' | 'used') {
  const base = await makeFolder(t)
  const folder = join(base, 'start')
  if (kind === 'used') {
    const ledger = await openTestLedger(folder, { sealer: 'entry-sealer' })
    await acceptBytes(ledger, makeSample('earlier').document, makeSample('earlier').bytes)
    await ledger.close()
  }
  const clean = { script, args: [await copyOf(folder, 'clean')] }
  const { ended, count } = await countCalls(clean, fatalCalls, join(base, 'trace'))
  t.same([...readOutcomes(ended.stdout).values()], ['done', 'done', 'done', 'done'])
  t.ok(count.pwrite64! > 30 && count.fsync! > 3 && count.rename! > 0, JSON.stringify(count))
  return { folder, count }
}

async function runAndCheck(
  t: Test,
  start: string,
  name: string,
  injection: readonly string[],
  args: readonly string[] = [],
) {
  const folder = await copyOf(start, name)
  const outcomes = readOutcomes((await runTraced({ script, args: [folder, ...args] }, injection)).stdout)
  const wrong = await recover(folder, outcomes)
  if (wrong !== undefined) t.fail(`${name}: ${wrong}`, { outcomes: Object.fromEntries(outcomes) })
  await rm(folder, { recursive: true, force: true })
  return outcomes
}

async function copyOf(start: string, name: string): Promise<string> {
  const folder = join(start, '..', name)
  await cp(start, folder, { recursive: true }).catch(() => {})
  return folder
}

/** How each request of the program ended, as far as it came. */
function readOutcomes(output: string): ReadonlyMap<string, string> {
  const lines = output.split('\n').filter(Boolean)
  return new Map(lines.map(line => line.split(' ') as [string, string]))
}

/** Starts again; what does not hold, if anything. */
async function recover(folder: string, outcomes: ReadonlyMap<string, string>): Promise<string | undefined> {
  const ledger = await openTestLedger(folder, { sealer: 'entry-sealer' })
  try {
    const there = new Set((await collect(ledger.list())).map(({ id }) => id))
    if ((await readdir(join(folder, 'staging'))).length > 0) return 'staging is not empty'
    if ((await readdir(join(folder, 'contents'))).length !== Number(there.has('large')))
      return 'contents are not what is named'
    for (const [id, size] of Object.entries(sizes)) {
      const { document, bytes } = makeSample(id, { size })
      if (outcomes.get(id) === 'done' && !there.has(id)) return `${id} was acknowledged, and is gone`
      if (there.has(id) && !(await readBytes(ledger, sender, id))?.equals(bytes)) return `${id} is damaged`
      const { replay, receipt } = await acceptBytes(ledger, document, bytes)
      if (replay !== there.has(id)) return `${id} is ${replay ? 'a replay' : 'new'}`
      if (!(await ledger.receipt(sender, id))?.equals(receipt)) return `${id} has another receipt`
    }
  } finally {
    await ledger.close()
  }
  return (await verify(folder)) < 3 ? 'a document is missing' : undefined
}

async function verify(folder: string): Promise<number> {
  const verifying = verifyLedger(openSqliteEvidence(folder), verifierKey, checks)
  for (let step = await verifying.next(); ; step = await verifying.next()) if (step.done) return step.value.documents
}
