// The ledger on SQLite keeps the contract, and what only it can get wrong.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { testLedger } from '../testing/ledger-contract.ts'
import { collect, makeFolder, makeSample, readBytes, sender } from '../testing/sample-documents.ts'
import { makeLedger, openTestLedger } from '../testing/test-ledger.ts'
import { acceptBytes } from '../testing/test-log.ts'
import { openSqliteEvidence } from './evidence.ts'
import { openSqliteReader } from './sqlite-ledger.ts'

const LARGE = 300_000

testLedger(t, { open: openTestLedger, openReader: openSqliteReader, openEvidence: openSqliteEvidence })

t.test('opens again as soon as the process that had it open is killed', async t => {
  const folder = await makeFolder(t)
  const program = [join(import.meta.dirname, '../testing/hold-ledger.ts'), folder]
  const child = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  await t.rejects(openTestLedger(folder), { code: 'storage-unavailable', detail: /another process is using it/ })
  child.kill('SIGKILL')
  await once(child, 'close')
  await (await openTestLedger(folder)).close()
})

t.test('clears away what a crash left: from staging, and aside from the contents what no row names', async t => {
  const folder = await makeFolder(t)
  const ledger = await openTestLedger(folder)
  const { document, bytes } = makeSample('large', { size: LARGE })
  await acceptBytes(ledger, document, bytes)
  await ledger.close()
  const [named] = await readdir(join(folder, 'contents'))
  await writeFile(join(folder, 'staging', 'f'.repeat(32)), 'half')
  await writeFile(join(folder, 'contents', '0'.repeat(32)), 'renamed, and never committed')
  const reopened = await openTestLedger(folder)
  t.teardown(() => reopened.close())
  t.same(await readdir(join(folder, 'staging')), [])
  t.same(await readdir(join(folder, 'contents')), [named])
  t.ok((await readBytes(reopened, sender, 'large'))?.equals(bytes))
})

t.test('leaves no file of a large document that it did not take', async t => {
  const { ledger, files, staged } = await makeLedger(t)
  const { document, bytes } = makeSample('large', { size: LARGE })
  await acceptBytes(ledger, document, bytes)
  const [named] = await files()
  await acceptBytes(ledger, document, bytes)
  const other = makeSample('large', { size: LARGE, salt: 'other' })
  await t.rejects(acceptBytes(ledger, other.document, other.bytes), { code: 'document-id-conflict' })
  const unsealable = makeSample('unsealable', { size: LARGE })
  await t.rejects(acceptBytes(ledger, unsealable.document, unsealable.bytes), { code: 'internal' })
  t.same(await files(), [named])
  t.same(await staged(), [])
})

t.test('a writer whose thread dies fails what waits for it, and another continues with the same ledger', async t => {
  const folder = await makeFolder(t)
  const notes: string[] = []
  const runs = Promise.withResolvers<void>()
  const note = (line: string) => {
    notes.push(line)
    if (line.endsWith('runs again')) runs.resolve()
  }
  const ledger = await openTestLedger(folder, { note })
  const [before, after] = [makeSample('before'), makeSample('after', { size: LARGE })]
  const deadly = makeSample('deadly', { size: LARGE })
  await acceptBytes(ledger, before.document, before.bytes)
  await t.rejects(acceptBytes(ledger, deadly.document, deadly.bytes), {
    code: 'storage-unavailable',
    detail: /writer has stopped/,
  })
  await t.rejects(acceptBytes(ledger, after.document, after.bytes), { code: 'storage-unavailable' })
  t.equal((await readdir(join(folder, 'contents'))).length, 1, 'what may be durable is kept, what is not is removed')
  await runs.promise
  t.equal((await acceptBytes(ledger, before.document, before.bytes)).replay, true)
  t.equal((await acceptBytes(ledger, after.document, after.bytes)).replay, false)
  t.match(notes, [/has stopped: .*; it is started again$/, /runs again$/])
  t.equal((await readdir(join(folder, 'contents'))).length, 2)
  await ledger.close()
  const reopened = await openTestLedger(folder)
  t.equal((await readdir(join(folder, 'contents'))).length, 1, 'the next start puts aside what no row names')
  t.same(
    (await collect(reopened.list())).map(({ id }) => id),
    ['before', 'after'],
  )
  await reopened.close()
})

t.test('a dead writer writes nothing into a ledger that was put in its place, and can be closed', async t => {
  const folder = await makeFolder(t)
  const noted = Promise.withResolvers<string>()
  const note = (line: string) => /cannot be written/.test(line) && noted.resolve(line)
  const ledger = await openTestLedger(folder, { note })
  const deadly = makeSample('deadly')
  const died = t.rejects(acceptBytes(ledger, deadly.document, deadly.bytes), { code: 'storage-unavailable' })
  await rename(join(folder, 'ledger.sqlite'), join(folder, 'elsewhere'))
  await died
  t.match(await noted.promise, /ledger\.sqlite was removed while it was in use/)
  t.notOk((await readdir(folder)).includes('ledger.sqlite'))
  await ledger.close()
})

t.test('says that a stored document was damaged rather than export it', async t => {
  const folder = await makeFolder(t)
  const ledger = await openTestLedger(folder)
  for (const [id, size] of [
    ['small', 3000],
    ['large', LARGE],
    ['gone', LARGE],
  ] as const) {
    const { document, bytes } = makeSample(id, { size })
    await acceptBytes(ledger, document, bytes)
  }
  await ledger.close()
  const database = new DatabaseSync(join(folder, 'ledger.sqlite'))
  database.exec("UPDATE contents SET octets = x'00'")
  const files = database.prepare('SELECT name FROM content_files ORDER BY leaf_index').all()
  database.close()
  const [large, gone] = files.map(({ name }) => join(folder, 'contents', String(name)))
  await writeFile(large!, 'something else')
  await rm(gone!)
  const reader = openSqliteReader(folder)
  t.teardown(() => reader.close())
  await t.rejects(readBytes(reader, sender, 'small'), { code: 'storage-unavailable', detail: /"small" is damaged/ })
  await t.rejects(readBytes(reader, sender, 'large'), { code: 'storage-unavailable', detail: /"large" is damaged/ })
  await t.rejects(reader.read(sender, 'gone'), { code: 'storage-unavailable', detail: /ENOENT/ })
})

t.test('a large document is read through one piece of memory, where its reader allows that', async t => {
  const { ledger } = await makeLedger(t)
  const { document, bytes } = makeSample('large', { size: LARGE })
  await acceptBytes(ledger, document, bytes)
  const read = async (isShared: boolean) => {
    const pieces: Buffer[] = []
    const memory = new Set<unknown>()
    for await (const piece of (await ledger.read(sender, 'large', { isShared }))!) {
      pieces.push(Buffer.from(piece))
      memory.add(piece.buffer)
    }
    t.ok(Buffer.concat(pieces).equals(bytes))
    t.ok(pieces.length > 4)
    return memory.size === 1
  }
  t.equal(await read(true), true)
  t.equal(await read(false), false)
})

t.test('a failure of the rename leaves nothing, and the next try succeeds', async t => {
  const { ledger, folder, staged } = await makeLedger(t)
  const { document, bytes } = makeSample('large', { size: LARGE })
  await rename(join(folder, 'contents'), join(folder, 'elsewhere'))
  await t.rejects(acceptBytes(ledger, document, bytes), { code: 'storage-unavailable', detail: /ENOENT/ })
  t.same(await staged(), [])
  t.same(await collect(ledger.list()), [])
  await rename(join(folder, 'elsewhere'), join(folder, 'contents'))
  t.equal((await acceptBytes(ledger, document, bytes)).replay, false)
})

t.test('a data folder that cannot be made or used is a Fault', async t => {
  const folder = await makeFolder(t)
  await writeFile(join(folder, 'file'), '')
  await t.rejects(openTestLedger(join(folder, 'file')), { code: 'configuration', detail: /a folder/ })
  await mkdir(join(folder, 'data'))
  await writeFile(
    join(folder, 'data/ledger.sqlite'),
    'no database at all, but long enough to differ from an empty one'.repeat(100),
  )
  await t.rejects(openTestLedger(join(folder, 'data')), { code: 'storage-unavailable', detail: /SQLITE_NOTADB/ })
  t.throws(() => openSqliteReader(join(folder, 'data')), { code: 'storage-unavailable', detail: /SQLITE_NOTADB/ })
})

t.test('does not touch a ledger that a later version wrote', async t => {
  const folder = await makeFolder(t)
  await (await openTestLedger(folder)).close()
  const database = new DatabaseSync(join(folder, 'ledger.sqlite'))
  database.exec("INSERT INTO kysely_migration VALUES ('9999-later', '2030-01-01T00:00:00.000Z')")
  database.close()
  await t.rejects(openTestLedger(folder), { code: 'configuration', detail: /later version.*9999-later/ })
  t.throws(() => openSqliteReader(folder), { code: 'configuration' })
})
