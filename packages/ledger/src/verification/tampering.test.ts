// Every record of a log of some hundred entries, removed, exchanged with the next, edited or cut
// short: each is found. With `pnpm kills` each record of a thousand is changed in every way.

import { cp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Fault } from '@seg/core'
import { atLength } from '@seg/core/testing/length'
import { seededInt } from '@seg/core/testing/random'
import t, { type Test } from 'tap'
import type { Ledger } from '../ledger.ts'
import { parseVerifierKey } from '../log/checkpoint.ts'
import { LogKeys } from '../log/log-keys.ts'
import { LogTree } from '../log/log-tree.ts'
import { hashLeaf } from '../log/merkle.ts'
import { TILE_WIDTH } from '../log/tiles.ts'
import { openSqliteEvidence, SqliteEvidence } from '../sqlite/evidence.ts'
import { LEDGER_FILE } from '../sqlite/schema.ts'
import {
  type Change,
  cuts,
  edits,
  exchangeKeys,
  exchanges,
  readRecords,
  removals,
  type TableName,
  tables,
} from '../testing/changes.ts'
import { checks } from '../testing/entry-sealer.ts'
import { makeFolder, makeSample, sender } from '../testing/sample-documents.ts'
import { openTestLedger } from '../testing/test-ledger.ts'
import { acceptBytes, verifierKey } from '../testing/test-log.ts'
import { octetsOf } from './evidence.ts'
import { DocumentCheck } from './verify-document.ts'
import { EntryCheck } from './verify-entry.ts'
import { checkEntries, checkExtent, verifyLedger } from './verify-ledger.ts'
import { TimeCheck } from './verify-times.ts'
import { TreeCheck } from './verify-tree.ts'

const isLong = process.env.KILL_ROUNDS !== undefined
const ENTRIES = isLong ? 1000 : 550
/** One change of so many of each kind, each time others. */
const ONE_OF = isLong ? 1 : atLength(9, 3)
/** Entries that come at once, so that no more lie between two checkpoints. */
const BATCH = 50
const LARGE = 300_000
/**
 * One change of so many is also made to a copy of the ledger, which is verified from its first
 * entry on.
 */
const WHOLE_EVERY = 150
/** Entries that are read at a time: the result does not depend on it. */
const STEP = 4
/** Whose rows are an entry's own. */
const entryTables = ['transactions', 'documents', 'contents', 'content_files', 'receipts'] as const
const at = '2026-01-02T03:04:05.678Z'
const keys = LogKeys.single(parseVerifierKey(verifierKey))

const folder = await makeFolder(t)
const good = join(folder, 'good')
await fillLedger()
const database = new DatabaseSync(join(good, LEDGER_FILE), { enableForeignKeyConstraints: false })
t.teardown(() => database.close())
const evidence = new SqliteEvidence(good, database)
const leafHashes = (await evidence.entries(0, ENTRIES)).map(({ leaf }) => hashLeaf(octetsOf(leaf)!))
const tileRoots = growTileRoots()
let made = 0

for (const name of Object.keys(tables) as TableName[]) {
  t.test(`every record of ${name}`, async t => {
    const records = readRecords(database, name)
    t.ok(records.length > 1)
    await allTold(t, 'removed', removals(database, name, records, ENTRIES))
    await allTold(t, 'exchanged with the next', exchanges(name, records))
    await allTold(t, 'edited', edits(name, records))
    await allTold(t, 'cut short', cuts(name, records))
  })
}

t.test('every entry with all that is stored for it', async t => {
  const all = Array.from({ length: ENTRIES }, (_, from) => from)
  const remove = (index: number) =>
    entryTables.flatMap(table => [
      `DELETE FROM ${table} WHERE leaf_index = ${index}`,
      `UPDATE ${table} SET leaf_index = leaf_index - 1 WHERE leaf_index > ${index}`,
    ])
  // So that there are as many as the checkpoint says.
  const columns = 'at, type, sender, document_id, code, leaf, facts, nonce, erased_at'
  const fill =
    `INSERT INTO transactions SELECT ${ENTRIES - 1}, ${columns} ` +
    `FROM transactions WHERE leaf_index = ${ENTRIES - 2}`
  const removed = all.slice(0, -1).map(from => ({ sql: [...remove(from), fill].join(';'), from }))
  await allTold(t, 'removed, with those after it moved up', removed)
  const exchange = (index: number) => entryTables.flatMap(table => exchangeKeys(table, 'leaf_index', index, index + 1))
  await allTold(
    t,
    'exchanged with the next',
    all.slice(0, -1).map(from => ({ sql: exchange(from).join(';'), from })),
  )
})

t.test('every file of a document', async t => {
  const contents = join(folder, 'files/contents')
  await cp(good, join(folder, 'files'), { recursive: true })
  const names = await readdir(contents)
  t.equal(names.length, Math.ceil(ENTRIES / 200))
  for (const [i, name] of names.entries()) {
    const [file, next, aside] = [
      join(contents, name),
      join(contents, names[(i + 1) % names.length]!),
      join(folder, 'aside'),
    ]
    const changes = {
      removed: () => rm(file),
      exchanged: () =>
        rename(next, aside)
          .then(() => rename(file, next))
          .then(() => rename(aside, file)),
      edited: () => writeFile(file, Buffer.alloc(LARGE, 'x')),
      'cut short': () => writeFile(file, Buffer.alloc(LARGE - 1, 'x')),
    }
    for (const [what, change] of Object.entries(changes)) {
      await change()
      t.match(await reportOf('files'), /^log-invalid: /, what)
      await cp(join(good, 'contents'), contents, { recursive: true })
      made++
    }
  }
  t.equal(await reportOf('files'), 'nothing', 'and it is in order again')
})

t.test('what was changed back is in order', async t => {
  t.equal(await reportOf('good'), 'nothing')
  t.ok(made > (12 * ENTRIES) / ONE_OF)
  t.comment(`${made} changes, each by itself, and each was reported`)
})

t.test('untouched rows are not reported, from any start', async t => {
  const starts = Array.from({ length: ENTRIES }, (_, from) => from).filter(
    from => from % 7 === 0 || (from + 1) % TILE_WIDTH < 3,
  )
  const outcomes: (string | undefined)[] = []
  for (const from of starts) outcomes.push(await reportFrom(from, from + BATCH + 1))
  for (const from of starts.filter((_, i) => i % 20 === 0)) outcomes.push(await reportFrom(from))
  t.ok(outcomes.length > ENTRIES / 7)
  t.ok(outcomes.every(outcome => outcome === undefined))
})

async function fillLedger(): Promise<void> {
  const ledger = await openTestLedger(good, { sealer: 'entry-sealer' })
  for (let from = 0; from < ENTRIES; from += BATCH)
    await Promise.all(Array.from({ length: BATCH }, (_, i) => fillOne(ledger, from + i)))
  await ledger.close()
}

/** Mostly acceptances, and something of every kind among them. */
async function fillOne(ledger: Ledger, number: number): Promise<unknown> {
  switch (number % 40) {
    case 0:
      return ledger.record(number === 0 ? { type: 'start', at, version: '0.1.0' } : { type: 'stop', at })
    case 7:
      return ledger.record({ type: 'refused', at, sender, code: 'signature-digest', sha256: null })
    case 13:
      return ledger.record({ type: 'omitted', at, sender, count: number, since: at })
    case 21:
      return ledger.record({ type: 'admin', at, action: 'suspend', subject: sender, by: 'operator' })
    case 33:
      return accept(ledger, 'doc1x', { salt: `other ${number}` }).catch(() => {})
    default:
      return accept(ledger, `doc${number}x`, { size: number % 200 === 5 ? LARGE : 500 })
  }
}

function accept(ledger: Ledger, id: string, options: { readonly size?: number; readonly salt?: string }) {
  const { document, bytes } = makeSample(id, options)
  return acceptBytes(ledger, document, bytes)
}

/** Each change is made in a transaction that is then taken back; now and then also to a copy. */
async function allTold(t: Test, what: string, changes: readonly Change[]): Promise<void> {
  const missed: string[] = []
  const first = seededInt(Math.min(ONE_OF, changes.length))
  const tried = changes.filter((_, i) => i % ONE_OF === first)
  for (const { sql, from } of tried) {
    database.exec('BEGIN')
    database.exec(sql)
    const outcome = (await reportFrom(from)) ?? 'nothing'
    database.exec('ROLLBACK')
    if (!outcome.startsWith('log-invalid: ')) missed.push(`${sql}: ${outcome}`)
    if (made++ % WHOLE_EVERY > 0) continue
    await rm(join(folder, 'copy'), { recursive: true, force: true })
    await cp(good, join(folder, 'copy'), { recursive: true })
    const copy = new DatabaseSync(join(folder, 'copy', LEDGER_FILE), { enableForeignKeyConstraints: false })
    copy.exec(sql)
    copy.close()
    t.match(await reportOf('copy'), /^log-invalid: /, `also when all is verified: ${sql}`)
  }
  t.ok(tried.length > 0)
  t.same(missed, [], `${tried.length} are reported, ${what}`)
}

/**
 * What verifyLedger reports of a ledger in which nothing before the entry `from` was changed. There
 * its tree is that of the entries, and it continues as this does.
 */
async function reportFrom(from: number, end = Number.POSITIVE_INFINITY): Promise<string | undefined> {
  try {
    const { size } = checkExtent(await evidence.extent(), keys)
    const full = from - (from % TILE_WIDTH)
    const tree = new TreeCheck(evidence, keys, from, [
      leafHashes.slice(full, from),
      tileRoots.slice(0, full / TILE_WIDTH),
    ])
    const [entries, times] = [new EntryCheck(), new TimeCheck()]
    const documents = new DocumentCheck(evidence, keys, checks)
    for (let next = from; next < Math.min(size, end); next += STEP)
      await checkEntries(next, Math.min(next + STEP, size), evidence, { keys, tree, entries, times, documents })
  } catch (fault) {
    return fault instanceof Fault ? fault.message : String(fault)
  }
}

/** What verifyLedger reports of a ledger. */
async function reportOf(place: string): Promise<string> {
  try {
    for await (const _ of verifyLedger(openSqliteEvidence(join(folder, place)), verifierKey, checks));
    return 'nothing'
  } catch (fault) {
    return fault instanceof Fault ? fault.message : String(fault)
  }
}

function growTileRoots(): Buffer[] {
  const tree = new LogTree(() => Buffer.alloc(0))
  return leafHashes.flatMap(hash => tree.append(hash).map(({ root }) => root))
}
