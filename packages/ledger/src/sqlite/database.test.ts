// Opening a database: durable, with the schema that this version knows, whoever else opens it at
// the same time.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { makeFolder } from '../testing/sample-documents.ts'
import { migrations } from '../testing/sample-migrations.ts'
import { openDatabase, openDatabaseReader } from './database.ts'

const PROCESSES = 8

t.test('syncs every commit, keeps a write-ahead log and holds foreign keys', async t => {
  const database = await openDatabase(join(await makeFolder(t), 'a.sqlite'), migrations)
  t.teardown(() => database.close())
  t.equal(database.prepare('PRAGMA journal_mode').get()?.journal_mode, 'wal')
  t.equal(database.prepare('PRAGMA synchronous').get()?.synchronous, 2, 'FULL')
  t.equal(database.prepare('PRAGMA foreign_keys').get()?.foreign_keys, 1)
})

t.test('makes the schema once, and adds to it what a later version brings', async t => {
  const path = join(await makeFolder(t), 'a.sqlite')
  const { '0001-opened': first } = migrations
  const old = await openDatabase(path, { '0001-opened': first! })
  old.exec('INSERT INTO opened VALUES (1)')
  old.close()
  const database = await openDatabase(path, migrations)
  t.equal(database.prepare('SELECT process FROM opened').get()?.process, 1)
  t.equal(database.prepare('SELECT COUNT(*) AS count FROM more').get()?.count, 0)
  database.close()
  const reader = openDatabaseReader(path, migrations)
  t.teardown(() => reader.close())
  t.throws(() => reader.exec('INSERT INTO opened VALUES (2)'), /readonly/)
})

t.test('a migration that fails leaves the old schema', async t => {
  const path = join(await makeFolder(t), 'a.sqlite')
  ;(await openDatabase(path, migrations)).close()
  const broken = { ...migrations, '0003-broken': ['CREATE TABLE half (name TEXT)', 'CREATE TABLE more (name TEXT)'] }
  await t.rejects(openDatabase(path, broken), /table more already exists/)
  const database = await openDatabase(path, migrations)
  t.teardown(() => database.close())
  t.equal(database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'half'").get(), undefined)
})

t.test('refuses the schema of a later version, for writing and for reading', async t => {
  const path = join(await makeFolder(t), 'a.sqlite')
  ;(await openDatabase(path, migrations)).close()
  const { '0001-opened': first } = migrations
  const expected = { code: 'configuration', detail: /later version of this program: it has the migration 0002-index/ }
  await t.rejects(openDatabase(path, { '0001-opened': first! }), expected)
  t.throws(() => openDatabaseReader(path, { '0001-opened': first! }), expected)
})

t.test('refuses a schema that lacks a migration before one that it has', async t => {
  const path = join(await makeFolder(t), 'a.sqlite')
  const database = await openDatabase(path, migrations)
  database.exec("DELETE FROM kysely_migration WHERE name = '0001-opened'")
  database.close()
  const expected = { code: 'configuration', detail: /is damaged: .* not the migration 0001-opened/ }
  await t.rejects(openDatabase(path, migrations), expected)
  t.throws(() => openDatabaseReader(path, migrations), expected)
})

t.test(`${PROCESSES} processes that make a database at the same time get one schema`, async t => {
  const path = join(await makeFolder(t), 'a.sqlite')
  const script = join(import.meta.dirname, '../testing/open-database.ts')
  const children = Array.from({ length: PROCESSES }, () =>
    spawn(process.execPath, [script, path], { stdio: ['ignore', 'ignore', 'inherit'] }),
  )
  const codes = await Promise.all(children.map(async child => (await once(child, 'close'))[0]))
  t.same(codes, Array(PROCESSES).fill(0))
  const database = await openDatabase(path, migrations)
  t.teardown(() => database.close())
  t.equal(database.prepare('SELECT COUNT(*) AS count FROM opened').get()?.count, PROCESSES)
})

t.test('a folder that is not there, or no database, is a Fault', async t => {
  const path = join(await makeFolder(t), 'nowhere/a.sqlite')
  await t.rejects(openDatabase(path, migrations), { code: 'storage-unavailable', detail: /cannot make .*ENOENT/ })
  t.throws(() => openDatabaseReader(path, migrations), {
    code: 'file-unreadable',
    detail: /unable to open database file; read it as the user who owns it/,
  })
})
