// Starting destroys nothing: folders of others, lost and older databases, and what is removed while
// it is in use.
import { statSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Ledger } from '../ledger.ts'
import { openOutbox } from '../outbox/open-outbox.ts'
import { checkFolders, openSqliteReader, readSqliteLogKeys } from '../sqlite/sqlite-ledger.ts'
import { collect, makeFolder, makeSample, readBytes, sender } from '../testing/sample-documents.ts'
import { openTestLedger } from '../testing/test-ledger.ts'
import { acceptBytes } from '../testing/test-log.ts'

const LARGE = 300_000

async function accept(ledger: Ledger, id: string, size = LARGE) {
  const { document, bytes } = makeSample(id, { size })
  await acceptBytes(ledger, document, bytes)
}

/** A ledger with some documents, closed. */
async function makeUsed(t: Test, ...ids: string[]): Promise<string> {
  const folder = join(await makeFolder(t), 'data')
  const ledger = await openTestLedger(folder)
  for (const id of ids) await accept(ledger, id)
  await ledger.close()
  return folder
}

async function everythingIn(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).sort()
}

t.test('refuses a folder that has lost its ledger, and touches nothing', async t => {
  const folder = await makeUsed(t, 'large')
  const backup = join(folder, '../backup')
  await rename(join(folder, 'ledger.sqlite'), backup)
  for (const marker of ['marked', 'of an earlier version']) {
    if (marker !== 'marked') await rm(join(folder, 'seg-folder.json'))
    for (const ledger of ['missing', 'empty']) {
      if (ledger === 'empty') await writeFile(join(folder, 'ledger.sqlite'), '')
      const before = await everythingIn(folder)
      await t.rejects(openTestLedger(folder), {
        code: 'configuration',
        detail: new RegExp(`has lost its database: ledger.sqlite is ${ledger}; put it back from the backup`),
      })
      t.same(await everythingIn(folder), before)
      await rm(join(folder, 'ledger.sqlite'), { force: true })
    }
  }
  await rename(backup, join(folder, 'ledger.sqlite'))
  const ledger = await openTestLedger(folder)
  t.equal((await readBytes(ledger, sender, 'large'))?.length, makeSample('large', { size: LARGE }).bytes.length)
  await ledger.close()
})

const otherDisk = statSync('/dev/shm', { throwIfNoEntry: false })?.dev
const noOtherDisk = otherDisk === undefined || otherDisk === statSync(tmpdir()).dev ? 'no other file system' : false

t.test('refuses a folder from which no large document could be moved to its place', { skip: noOtherDisk }, async t => {
  const folder = await makeUsed(t, 'large')
  const elsewhere = await mkdtemp('/dev/shm/seg-staging-')
  t.teardown(() => rm(elsewhere, { recursive: true }))
  await rm(join(folder, 'staging'), { recursive: true })
  await symlink(elsewhere, join(folder, 'staging'))
  const fault = {
    code: 'configuration',
    detail: /staging and .*contents on one file system, found two.*: mount one over/,
  }
  await t.rejects(openTestLedger(folder), fault)
  await t.rejects(checkFolders(folder), fault, 'and diagnose says it, too')
  await rm(join(folder, 'staging'))
  await (await openTestLedger(folder)).close()
})

t.test('a reader takes neither a folder that has lost its ledger nor that of a sender for an empty one', async t => {
  const folder = await makeUsed(t, 'small')
  await rename(join(folder, 'ledger.sqlite'), join(folder, '../backup'))
  for (const read of [openSqliteReader, readSqliteLogKeys])
    t.throws(() => read(folder), { code: 'configuration', detail: /has lost its database: ledger.sqlite is missing/ })
  const other = join(await makeFolder(t), 'data')
  const outbox = await openOutbox(other)
  await outbox.close()
  t.throws(() => openSqliteReader(other), { code: 'configuration', detail: /data folder of a "sender", expected/ })
  t.same(await collect(openSqliteReader(join(folder, 'nothing')).list()), [])
})

t.test('a file instead of the folder, or above it, is a mistake of the setting', async t => {
  const file = join(await makeFolder(t), 'file')
  await writeFile(file, '')
  const fault = {
    code: 'configuration',
    detail: new RegExp(`expected a folder at ${file}, found a file; name another`),
  }
  for (const folder of [file, join(file, 'data')]) await t.rejects(openTestLedger(folder), fault)
  t.throws(() => openSqliteReader(file), fault)
})

t.test('refuses a marked folder whose ledger is lost, be all of its documents small', async t => {
  const folder = join(await makeFolder(t), 'data')
  await (await openTestLedger(folder)).close()
  await rm(join(folder, 'ledger.sqlite'))
  await t.rejects(openTestLedger(folder), { code: 'configuration', detail: /has lost its database/ })
})

t.test('puts what an older ledger does not name aside, and says so', async t => {
  const folder = await makeUsed(t, 'one')
  await cp(join(folder, 'ledger.sqlite'), join(folder, '../older'))
  const later = await openTestLedger(folder)
  await accept(later, 'two')
  await later.close()
  await cp(join(folder, '../older'), join(folder, 'ledger.sqlite'))
  await writeFile(join(folder, 'contents/notes.txt'), 'mine')
  await writeFile(join(folder, 'staging/draft.md'), 'mine')
  await mkdir(join(folder, 'contents', 'ab'.repeat(16)))
  const notes: string[] = []
  const ledger = await openTestLedger(folder, { note: line => notes.push(line) })
  t.teardown(() => ledger.close())
  t.match(notes, [
    /staging holds what the receiver did not put there \(1, the first is "draft.md"\): left as it is/,
    /contents holds what the receiver did not put there \(2, .*\): left as it is/,
    /^1 document in .*contents in no row of the ledger: moved to .*unclaimed/,
  ])
  const [date] = await readdir(join(folder, 'unclaimed'))
  const [name] = await readdir(join(folder, 'unclaimed', date!))
  t.same(await readFile(join(folder, 'unclaimed', date!, name!)), makeSample('two', { size: LARGE }).bytes)
  t.equal(await readFile(join(folder, 'contents/notes.txt'), 'utf8'), 'mine')
  t.equal(await readFile(join(folder, 'staging/draft.md'), 'utf8'), 'mine')
  t.same(
    (await collect(ledger.list())).map(({ id }) => id),
    ['one'],
  )
})

t.test('takes a folder with files of others for nobody’s data folder', async t => {
  const base = await makeFolder(t)
  const site = join(base, 'site')
  for (const name of ['contents', 'staging', 'deliveries']) await mkdir(join(site, name), { recursive: true })
  for (const name of ['contents/article.md', 'staging/draft.md', 'deliveries/list.txt'])
    await writeFile(join(site, name), 'mine')
  const before = await everythingIn(site)
  for (const open of [openTestLedger, openOutbox] as ((folder: string) => Promise<unknown>)[])
    await t.rejects(open(site), {
      code: 'configuration',
      detail: /not empty: found .*; name a new or empty folder with --data/,
    })
  t.same(await everythingIn(site), before)

  const sent = join(base, 'sender')
  await (await openOutbox(sent)).close()
  await t.rejects(openTestLedger(sent), { code: 'configuration', detail: /is the data folder of a "sender"/ })
  await rm(join(sent, 'outbox.sqlite'))
  await t.rejects(openOutbox(sent), {
    code: 'configuration',
    detail: /has lost its database: outbox.sqlite is missing/,
  })

  const elsewhere = join(base, 'elsewhere')
  await mkdir(elsewhere)
  await symlink(join(base, 'target'), join(elsewhere, 'ledger.sqlite'))
  await t.rejects(openTestLedger(elsewhere), {
    code: 'configuration',
    detail: /expected a file at .*found a symbolic link/,
  })
})

t.test('takes new folders, and those of earlier versions', async t => {
  const base = await makeFolder(t)
  const prepared = join(base, 'prepared')
  await mkdir(join(prepared, 'inbox'), { recursive: true })
  await mkdir(join(prepared, 'lost+found'))
  await (await openTestLedger(prepared)).close()
  const used = await makeUsed(t, 'one')
  await rm(join(used, 'seg-folder.json'))
  const notes: string[] = []
  const ledger = await openTestLedger(used, { note: line => notes.push(line) })
  await ledger.close()
  t.match(notes, [/is marked as the data folder of a receiver: an earlier version made it/])
  t.match(JSON.parse(await readFile(join(used, 'seg-folder.json'), 'utf8')), { folder: 'receiver', hasDatabase: true })
})

t.test('what it makes is for its user alone, with any umask and any earlier mode', async t => {
  const umask = process.umask(0)
  t.teardown(() => process.umask(umask))
  const folder = join(await makeFolder(t), 'data')
  await mkdir(folder, { mode: 0o777 })
  const ledger = await openTestLedger(folder)
  await accept(ledger, 'large')
  const outbox = await openOutbox(join(folder, '../outbox'))
  const open = [folder, join(folder, '../outbox')]
  for (const name of [
    ...open,
    ...(await Promise.all(open.map(async place => (await everythingIn(place)).map(file => join(place, file))))).flat(),
  ]) {
    t.equal((await stat(name)).mode & 0o077, 0, name)
  }
  await ledger.close()
  await outbox.close()
  // As an earlier version left it.
  await chmod(join(folder, 'ledger.sqlite'), 0o644)
  await chmod(folder, 0o755)
  await (await openTestLedger(folder)).close()
  t.equal((await stat(join(folder, 'ledger.sqlite'))).mode & 0o777, 0o600)
  t.equal((await stat(folder)).mode & 0o777, 0o700)
  // So that a group reaches the inbox.
  await chmod(folder, 0o710)
  await (await openTestLedger(folder)).close()
  t.equal((await stat(folder)).mode & 0o777, 0o710)
})

const losses: Record<string, (folder: string) => Promise<void>> = {
  'its ledger is removed': folder => rm(join(folder, 'ledger.sqlite')),
  'its write-ahead log is removed': folder => rm(join(folder, 'ledger.sqlite-wal')),
  'its ledger is replaced': async folder => {
    await cp(join(folder, 'ledger.sqlite'), join(folder, 'copy'))
    await rename(join(folder, 'copy'), join(folder, 'ledger.sqlite'))
  },
  'its folder is removed': folder => rm(folder, { recursive: true }),
  'its folder is moved away': folder => rename(folder, `${folder}.old`),
}

for (const [loss, lose] of Object.entries(losses))
  t.test(`acknowledges nothing more once ${loss}`, async t => {
    const folder = join(await makeFolder(t), 'data')
    const ledger = await openTestLedger(folder)
    t.teardown(() => ledger.close())
    await accept(ledger, 'before', 3000)
    await lose(folder)
    const refusal = { code: 'storage-unavailable' }
    await t.rejects(accept(ledger, 'after', 3000), {
      ...refusal,
      detail: /nothing is accepted any more; stop this process/,
    })
    await t.rejects(accept(ledger, 'before', 3000), refusal)
    await t.rejects(accept(ledger, 'large'), refusal)
    await t.rejects(ledger.record({ type: 'stop', at: new Date().toISOString() }), refusal)
    // Where the write-ahead log is gone, the document in it is, too.
    if (loss !== 'its write-ahead log is removed') await t.rejects(ledger.receipt(sender, 'before'), refusal)
  })

t.test('continues once its folder is back', async t => {
  const folder = join(await makeFolder(t), 'data')
  const ledger = await openTestLedger(folder)
  await rename(folder, `${folder}.old`)
  await t.rejects(accept(ledger, 'one', 3000), { code: 'storage-unavailable' })
  await rename(`${folder}.old`, folder)
  await accept(ledger, 'one', 3000)
  await ledger.close()
  t.equal((await collect(openSqliteReader(folder).list())).length, 1)
})
