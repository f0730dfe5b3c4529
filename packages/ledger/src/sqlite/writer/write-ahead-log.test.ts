// The write-ahead log is copied beside the writer, begins again, and stays bounded however fast it
// is written.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { makeFolder } from '../../testing/sample-documents.ts'
import { migrations } from '../../testing/sample-migrations.ts'
import { openDatabase } from '../database.ts'
import { WriteAheadLog } from './write-ahead-log.ts'

const PAGE = 4096
const POLLS = 2000

async function openLog(t: Test) {
  const path = join(await makeFolder(t), 'a.sqlite')
  const database = await openDatabase(path, migrations)
  const log = new WriteAheadLog(database, path)
  t.teardown(async () => {
    await log.close()
    database.close()
  })
  const insert = database.prepare('INSERT INTO more (name) VALUES (zeroblob(?))')
  const length = database.prepare('PRAGMA wal_checkpoint(NOOP)')
  const write = (pages: number) => {
    database.exec('BEGIN')
    for (let page = 0; page < pages; page++) insert.run(PAGE)
    database.exec('COMMIT')
  }
  return { path, write, log, lengths: () => length.get() as { log: number; checkpointed: number } }
}

t.test('what has gathered is copied without the writer', async t => {
  const { path, write, log, lengths } = await openLog(t)
  write(1100)
  log.shorten()
  for (let poll = 0; lengths().checkpointed < lengths().log && poll < POLLS; poll++) await pause(5)
  const copied = lengths()
  t.ok(copied.log > 1100)
  t.equal(copied.checkpointed, copied.log)
  const reader = new DatabaseSync(path, { readOnly: true })
  t.equal(reader.prepare('SELECT COUNT(*) AS count FROM more').get()?.count, 1100)
  reader.close()
})

t.test('the writer copies the last few pages of a long log, which then starts again from its beginning', async t => {
  const { path, write, log, lengths } = await openLog(t)
  write(4500)
  const [reader, copier] = [new DatabaseSync(path), new DatabaseSync(path)]
  reader.exec('BEGIN; SELECT * FROM more LIMIT 1')
  write(50)
  copier.exec('PRAGMA wal_checkpoint(PASSIVE)')
  for (const database of [reader, copier]) database.close()
  const before = lengths()
  t.ok(before.checkpointed > 4500 && before.checkpointed < before.log, 'no more than the reader had seen')
  log.shorten()
  t.equal(lengths().checkpointed, before.log)
  write(50)
  t.ok(lengths().log < 100)
})

t.test('a writer that is faster than the copying waits for it', async t => {
  const { write, log, lengths } = await openLog(t)
  let longest = 0
  for (let i = 0; i < 60; i++) {
    write(1000)
    log.shorten()
    longest = Math.max(longest, lengths().log)
  }
  t.ok(longest < 20_000, `${longest} pages, of 60,000`)
})

t.test('a thread that ends, or cannot be started, leaves the writer to copy what is longest', async t => {
  const path = join(await makeFolder(t), 'a.sqlite')
  const database = await openDatabase(path, migrations)
  const dying = new URL(`data:text/javascript,${encodeURIComponent("throw new Error('no more')")}`)
  const log = new WriteAheadLog(database, path, dying)
  const insert = database.prepare('INSERT INTO more (name) VALUES (zeroblob(?))')
  let longest = 0
  for (let i = 0; i < 40; i++) {
    database.exec('BEGIN')
    for (let page = 0; page < 1000; page++) insert.run(PAGE)
    database.exec('COMMIT')
    log.shorten()
    // The thread's end is an event.
    await pause(i === 0 ? 300 : 0)
    longest = Math.max(longest, Number(database.prepare('PRAGMA wal_checkpoint(NOOP)').get()?.log))
  }
  t.ok(longest < 20_000, `${longest} pages, of 40,000`)
  await log.close()
  database.close()
})
