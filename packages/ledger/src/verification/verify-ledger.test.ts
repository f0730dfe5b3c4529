// A ledger that was tampered with: whatever row is taken away, changed, exchanged or added, and
// whatever file, it is reported. `tampering.test.ts` goes through all records.
import { randomBytes } from 'node:crypto'
import { copyFile, cp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Fault } from '@seg/core'
import { atLength } from '@seg/core/testing/length'
import t, { type Test } from 'tap'
import type { Ledger } from '../ledger.ts'
import { openCheckpointSigner } from '../log/checkpoint.ts'
import { writeEntry } from '../log/leaf.ts'
import { LogTree } from '../log/log-tree.ts'
import { hashLeaf } from '../log/merkle.ts'
import { openSqliteEvidence } from '../sqlite/evidence.ts'
import { checks } from '../testing/entry-sealer.ts'
import { collect, makeFolder, makeSample, sender } from '../testing/sample-documents.ts'
import { openTestLedger } from '../testing/test-ledger.ts'
import { acceptBytes, logKey, verifierKey } from '../testing/test-log.ts'
import { type VerifiedLedger, verifyLedger } from './verify-ledger.ts'

const at = '2026-01-02T03:04:05.678Z'
/** More than one tile, so that there are full ones. */
const DOCUMENTS = 300
const LARGE = 300_000
const tables = [
  'transactions',
  'documents',
  'contents',
  'content_files',
  'receipts',
  'tiles',
  'checkpoints',
  'chains',
  'certificates',
]

const folder = await makeFolder(t)
await fillLedger(join(folder, 'good'))

t.test('reports what it verified', async t => {
  const report = await verify(join(folder, 'good'))
  t.equal(report.documents, DOCUMENTS)
  t.equal(report.head.size, DOCUMENTS + 6)
  t.ok(report.checkpoints > 6)
})

t.test('reports its progress', async t => {
  const report = await collect(verifyLedger(openSqliteEvidence(join(folder, 'good')), verifierKey, checks))
  t.same(report, [
    { entries: 256, of: DOCUMENTS + 6 },
    { entries: DOCUMENTS + 6, of: DOCUMENTS + 6 },
  ])
})

t.test('an empty ledger is in order', async t => {
  await (await openTestLedger(join(folder, 'empty'))).close()
  t.match(await verify(join(folder, 'empty')), { head: { size: 0 }, documents: 0, checkpoints: 0 })
})

t.test('verifies beside a ledger that is open and grows', async t => {
  const place = join(folder, 'open')
  const ledger = await openTestLedger(place, { sealer: 'entry-sealer' })
  t.teardown(() => ledger.close())
  for (let i = 0; i < 300; i++) await accept(ledger, `doc${i}`)
  const verifying = verifyLedger(openSqliteEvidence(place), verifierKey, checks)
  await verifying.next()
  const accepting = Promise.all(Array.from({ length: 100 }, (_, i) => accept(ledger, `more${i}`)))
  for (let step = await verifying.next(); ; step = await verifying.next()) {
    if (!step.done) continue
    t.equal(step.value.head.size, 300)
    break
  }
  await accepting
  t.equal((await verify(place)).documents, 400)
})

t.test('a row that is taken away is missed', async t => {
  for (const table of tables) {
    // A checkpoint that no receipt names was shown to nobody, so nobody loses it.
    const named = "(SELECT json_extract(CAST(octets AS TEXT), '$.treeSize') FROM receipts)"
    const rowids = await select(
      'good',
      `SELECT rowid AS place FROM ${table} ${table === 'checkpoints' ? `WHERE tree_size IN ${named}` : ''}`,
    )
    t.ok(rowids.length > 0, `${table} has rows`)
    await unnoticed(
      t,
      table,
      some(rowids).map(({ place }) => `DELETE FROM ${table} WHERE rowid = ${place}`),
    )
  }
})

t.test('a column that is changed is reported', async t => {
  const last = DOCUMENTS + 5
  for (const table of tables) {
    const columns = await select('good', `SELECT name FROM pragma_table_info('${table}')`)
    const rowids = await select('good', `SELECT rowid AS place FROM ${table}`)
    const few = [...new Set([0, 1, Math.floor(rowids.length / 2), rowids.length - 1])].map(
      i => rowids[Math.min(i, rowids.length - 1)]!.place,
    )
    const changes = columns.flatMap(({ name }) => [
      `${changed(String(name), last)} WHERE true`,
      `"${name}" = NULL WHERE "${name}" IS NOT NULL`,
    ])
    const statements = few.flatMap(place =>
      changes.map(set => `UPDATE OR IGNORE ${table} SET ${set} AND rowid = ${place}`),
    )
    await unnoticed(t, table, statements)
  }
})

t.test('rows that are exchanged are reported', async t => {
  for (const table of ['transactions', 'documents', 'contents', 'receipts', 'checkpoints']) {
    const key = table === 'checkpoints' ? 'tree_size' : 'leaf_index'
    const keys = (await select('good', `SELECT ${key} AS key FROM ${table} ORDER BY ${key}`)).map(row =>
      Number(row.key),
    )
    const pairs = keys.slice(1).map((b, i) => [keys[i]!, b] as const)
    const swaps = some(pairs).map(([a, b]) =>
      [
        [a, -9],
        [b, a],
        [-9, b],
      ]
        .map(([from, to]) => `UPDATE ${table} SET ${key} = ${to} WHERE ${key} = ${from}`)
        .join(';'),
    )
    await unnoticed(t, table, swaps)
  }
})

t.test('rows that are inserted are reported', async t => {
  const { leaf, facts, nonce } = writeEntry({ type: 'stop', at }, randomBytes(32))
  const entry =
    `'${at}', 'stop', NULL, NULL, NULL, ` +
    `${[leaf, facts, nonce].map(octets => `x'${octets.toString('hex')}'`)}, NULL`
  const [refused] = await select('good', "SELECT leaf_index AS at FROM transactions WHERE type = 'refused'")
  const end = DOCUMENTS + 6
  await unnoticed(t, 'rows', [
    `INSERT INTO transactions VALUES (${end}, ${entry})`,
    `INSERT INTO transactions VALUES (-1, ${entry})`,
    `INSERT INTO documents VALUES (${end}, 'A', 'x', '${at}', 1, '00', 'AA==', NULL)`,
    `INSERT INTO documents VALUES (${refused!.at}, 'A', 'x', '${at}', 1, '00', 'AA==', NULL)`,
    `INSERT INTO receipts VALUES (${refused!.at}, x'00')`,
    `INSERT INTO contents VALUES (${refused!.at}, x'00')`,
    `INSERT INTO content_files VALUES ('x', ${refused!.at})`,
    `INSERT INTO content_files SELECT name || 'x', leaf_index + 1 FROM content_files`,
    "INSERT INTO tiles VALUES (0, 1, x'00', x'00')",
    "INSERT INTO tiles VALUES (1, 0, x'00', x'00')",
    "INSERT INTO tiles VALUES ('a', 0, x'00', x'00')",
    'INSERT INTO checkpoints SELECT tree_size + 1000, note FROM checkpoints ORDER BY tree_size DESC LIMIT 1',
    'INSERT INTO checkpoints SELECT 0, note FROM checkpoints LIMIT 1',
    'DELETE FROM checkpoints',
    'DELETE FROM transactions',
  ])
})

t.test('the latest entries cannot be cut off without the key', async t => {
  const cut = (size: number) =>
    ['transactions', 'documents', 'contents', 'content_files', 'receipts']
      .map(table => `DELETE FROM ${table} WHERE leaf_index >= ${size}`)
      .concat(`DELETE FROM checkpoints WHERE tree_size > ${size}`)
      .join(';')
  const kept = new Set(
    (await select('good', 'SELECT tree_size AS size FROM checkpoints')).map(({ size }) => Number(size)),
  )
  const sizes = Array.from({ length: 40 }, (_, i) => DOCUMENTS + 5 - i).filter(size => !kept.has(size))
  t.ok(sizes.length > 5, 'within a batch')
  await unnoticed(t, 'sizes', sizes.map(cut))
})

t.test('a log that was rewritten, with the key, does not fit the receipts', async t => {
  const database = await copy('forged')
  const forged = writeEntry({ type: 'start', at, version: 'forged' }, randomBytes(32))
  database
    .prepare('UPDATE transactions SET leaf = ?, facts = ?, nonce = ? WHERE leaf_index = 0')
    .run(forged.leaf, forged.facts, forged.nonce)
  const tree = new LogTree(() => forgedTile)
  let forgedTile: Buffer<ArrayBufferLike> = Buffer.alloc(0)
  for (const { leaf } of database.prepare('SELECT leaf FROM transactions ORDER BY leaf_index').all()) {
    for (const tile of tree.append(hashLeaf(leaf as Uint8Array))) {
      forgedTile = tile.hashes
      database.prepare('UPDATE tiles SET hashes = ?, root = ?').run(tile.hashes, tile.root)
    }
    const note = openCheckpointSigner(logKey)(tree.head)
    database.prepare('UPDATE checkpoints SET note = ? WHERE tree_size = ?').run(note, tree.size)
  }
  database.close()
  t.match(
    await failure('forged'),
    /^log-invalid: the receipt of "doc0", entry 1: its checkpoint is not that of the log at 2/,
  )
})

t.test('every file of a document is looked at', async t => {
  const contents = join(folder, 'files/contents')
  const names = await readdir(join(folder, 'good/contents'))
  t.equal(names.length, 3)
  for (const name of names) {
    ;(await copy('files')).close()
    await writeFile(join(contents, name), randomBytes(LARGE))
    t.match(await failure('files'), /differ: sha256 is/)
    await writeFile(join(contents, name), randomBytes(LARGE + 1))
    t.match(await failure('files'), /differ: bytes is 300000 there and 300001 here/)
    await rm(join(contents, name))
    t.match(await failure('files'), new RegExp(`the file ${name} with the octets of entry \\d+ is missing`))
  }
  ;(await copy('files')).close()
  const [a, b] = names.map(name => join(contents, name))
  await rename(a!, `${a}x`)
  await rename(b!, a!)
  await rename(`${a}x`, b!)
  t.match(await failure('files'), /differ: sha256 is/)
})

t.test('a receipt for another document, or that cannot be read, is reported', async t => {
  const database = await copy('receipts')
  database.exec('UPDATE receipts SET octets = (SELECT octets FROM receipts WHERE leaf_index = 1) WHERE leaf_index = 2')
  database.close()
  t.match(await failure('receipts'), /^log-invalid: the receipt of "doc1", entry 2: it is for another document/)
})

t.test('the key of another log verifies nothing', async t => {
  const other = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
  t.match(
    await failure('good', other),
    /^log-invalid: the log was signed with "ledger\.example\+.*which has no line in log\.pub/,
  )
  t.match(await failure('good', 'nonsense'), /^configuration: /)
})

t.test('where there is no ledger there is nothing to verify', async t => {
  t.match(await failure('nowhere'), /^configuration: expected the ledger of a receiver in .*nowhere/)
})

async function fillLedger(place: string): Promise<void> {
  const ledger = await openTestLedger(place, { sealer: 'entry-sealer' })
  await ledger.record({ type: 'start', at, version: '0.1.0' })
  for (let i = 0; i < 3; i++) await accept(ledger, `doc${i}`)
  await ledger.record({ type: 'refused', at, sender, code: 'signature-digest', sha256: null })
  await ledger.record({ type: 'omitted', at, sender, count: 3, since: at })
  await acceptBytes(
    ledger,
    makeSample('doc1', { salt: 'other' }).document,
    makeSample('doc1', { salt: 'other' }).bytes,
  ).catch(() => {})
  for (let i = 0; i < 3; i++) await accept(ledger, `large${i}`, LARGE)
  await Promise.all(Array.from({ length: DOCUMENTS - 6 }, (_, i) => accept(ledger, `more${i}`)))
  await ledger.record({ type: 'admin', at, action: 'suspend', subject: sender, by: 'operator' })
  await ledger.record({ type: 'stop', at })
  await ledger.close()
}

function accept(ledger: Ledger, id: string, size = 1000) {
  const { document, bytes } = makeSample(id, { size })
  return acceptBytes(ledger, document, bytes)
}

/** A value of the same kind that says something else. */
function changed(column: string, last: number): string {
  if (['leaf_index', 'tree_size', 'tile_index', 'level', 'bytes', 'chain', 'id'].includes(column))
    return `"${column}" = "${column}" + ${last}`
  if (['octets', 'leaf', 'facts', 'nonce', 'der', 'hashes', 'root'].includes(column))
    return `"${column}" = CAST(substr("${column}", 1, length("${column}") - 1) ||
      CASE WHEN substr("${column}", -1) = x'21' THEN x'22' ELSE x'21' END AS BLOB)`
  return `"${column}" = coalesce("${column}", '') || 'x'`
}

/** The ends, and some from between. */
function some<T>(all: readonly T[]): T[] {
  return all.filter((_, i) => i < 3 || i % atLength(101, 31) === 0 || i >= all.length - 3)
}

/** Each of the changes, made to a ledger that is in order, must be reported. */
async function unnoticed(t: Test, table: string, changes: readonly string[]): Promise<void> {
  ;(await copy('changed')).close()
  const missed: string[] = []
  let made = 0
  for (const change of changes) {
    await copyFile(join(folder, 'good/ledger.sqlite'), join(folder, 'changed/ledger.sqlite'))
    const database = openToChange('changed')
    const before = database.prepare('SELECT total_changes() AS count').get()
    const isMade = tryExec(database, change)
    const after = database.prepare('SELECT total_changes() AS count').get()
    database.close()
    if (!isMade || before?.count === after?.count) continue
    made++
    if (!/^log-invalid: /.test(await failure('changed'))) missed.push(change)
  }
  t.ok(made > 0, `${made} changes of ${table}`)
  t.same(missed, [], 'are all reported')
}

/** Some changes the database itself does not let pass. */
function tryExec(database: DatabaseSync, change: string): boolean {
  try {
    database.exec(change)
    return true
  } catch {
    return false
  }
}

/** The good ledger once more, open to be changed. */
async function copy(name: string): Promise<DatabaseSync> {
  await rm(join(folder, name), { recursive: true, force: true })
  await cp(join(folder, 'good'), join(folder, name), { recursive: true })
  return openToChange(name)
}

function openToChange(name: string): DatabaseSync {
  const database = new DatabaseSync(join(folder, name, 'ledger.sqlite'), { enableForeignKeyConstraints: false })
  database.exec('PRAGMA synchronous = OFF')
  return database
}

async function select(name: string, sql: string) {
  const database = new DatabaseSync(join(folder, name, 'ledger.sqlite'), { readOnly: true })
  const rows = database.prepare(sql).all()
  database.close()
  return rows
}

async function verify(place: string, key = verifierKey): Promise<VerifiedLedger> {
  const verifying = verifyLedger(openSqliteEvidence(place), key, checks)
  for (let step = await verifying.next(); ; step = await verifying.next()) if (step.done) return step.value
}

async function failure(name: string, key = verifierKey): Promise<string> {
  try {
    await verify(join(folder, name), key)
    return 'none'
  } catch (fault) {
    return (fault as Fault).message
  }
}
