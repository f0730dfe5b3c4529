// Backups of a ledger in use: whole or not there, each file once, and never taken for whole when
// they are not.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import type { Ledger } from '../ledger.ts'
import { openSqliteReader } from '../sqlite/sqlite-ledger.ts'
import { makeFolder, makeSample, readBytes, sender } from '../testing/sample-documents.ts'
import { makeLedger, openTestLedger } from '../testing/test-ledger.ts'
import { acceptBytes } from '../testing/test-log.ts'
import { findBackup, wholeBackups } from './backup-place.ts'
import { makeBackup } from './make-backup.ts'
import { restoreBackup } from './restore-backup.ts'

const LARGE = 300_000
const nobody = { of: 'log', log: { size: 0, root: '', checkpoint: '' }, documents: 0 }
const options = {
  owner: 'receiver',
  version: '1',
  now: () => new Date(),
  onProgress: () => {},
  verify: async () => nobody,
} as const

async function accept(ledger: Ledger, id: string, size?: number) {
  const { document, bytes } = makeSample(id, size === undefined ? {} : { size })
  return acceptBytes(ledger, document, bytes)
}

async function restore(backup: string, data: string) {
  await restoreBackup(
    findBackup(backup),
    data,
    () => {},
    giveName => giveName(),
  )
}

async function makeUsed(t: Test) {
  const { ledger, folder } = await makeLedger(t)
  await accept(ledger, 'small')
  await accept(ledger, 'large', LARGE)
  return { ledger, folder, place: join(await makeFolder(t), 'backups') }
}

t.test('a document accepted while it is made is whole in it, or not in it', async t => {
  const { ledger, folder, place } = await makeUsed(t)
  let accepted = 0
  let isEnded = false
  const load = async (lane: number) => {
    for (let i = 0; !isEnded; i++, accepted++) await accept(ledger, `${lane}.${i}`, i % 5 === 4 ? LARGE : 3000)
  }
  const loading = [0, 1, 2].map(load)
  while (accepted < 100) await accept(ledger, `before ${accepted}`)
  const before = (await Array.fromAsync(ledger.list())).map(({ id }) => id)
  const { path } = await makeBackup(folder, place, options)
  const during = accepted
  isEnded = true
  await Promise.all(loading)
  const restored = join(await makeFolder(t), 'restored')
  await restore(path, restored)
  const reader = openSqliteReader(restored)
  const ids = (await Array.fromAsync(reader.list())).map(({ id }) => id)
  for (const id of before) if (!ids.includes(id)) t.fail(`${id} was acknowledged before, and is not in the backup`)
  t.ok(during > 100, 'documents were accepted while it was made')
  for (const id of ids) {
    const [kept, receipt] = await Promise.all([readBytes(reader, sender, id), reader.receipt(sender, id)])
    if (!kept?.equals((await readBytes(ledger, sender, id))!)) t.fail(`${id} has other bytes`)
    if (!receipt?.equals((await ledger.receipt(sender, id))!)) t.fail(`${id} has another receipt`)
  }
  await reader.close()
  const again = await openTestLedger(restored)
  await accept(again, 'after')
  await again.close()
})

t.test('contents that an earlier backup has are not copied again, unless they are damaged there', async t => {
  const { ledger, folder, place } = await makeUsed(t)
  const first = await makeBackup(folder, place, options)
  t.match(first, { copied: 1, linked: 0 })
  await accept(ledger, 'second', LARGE)
  const second = await makeBackup(folder, place, options)
  t.match(second, { copied: 1, linked: 1 })
  const [name = ''] = await readdir(join(first.path, 'contents'))
  t.equal((await stat(join(second.path, 'contents', name))).nlink, 2)
  await truncate(join(first.path, 'contents', name), 10)
  const third = await makeBackup(folder, place, options)
  t.match(third, { copied: 1, linked: 1 })
  t.equal((await stat(join(third.path, 'contents', name))).size, LARGE)
})

t.test('a file that is missing or damaged ends it, and no backup is there', async t => {
  const { folder, place } = await makeUsed(t)
  const [name = ''] = await readdir(join(folder, 'contents'))
  const path = join(folder, 'contents', name)
  const whole = await readFile(path)
  await writeFile(path, whole.with(0, whole[0]! ^ 1))
  await t.rejects(makeBackup(folder, place, options), {
    code: 'backup-invalid',
    detail: /is damaged: expected SHA-256/,
  })
  await rm(path)
  await t.rejects(makeBackup(folder, place, options), { code: 'backup-invalid', detail: /is missing/ })
  await symlink('/etc/passwd', path)
  await t.rejects(makeBackup(folder, place, options))
  await rm(path)
  await writeFile(path, whole)
  const failing = { ...options, verify: () => Promise.reject(new Error('not what was written')) }
  await t.rejects(makeBackup(folder, place, failing), { message: 'not what was written' })
  t.same(await readdir(place), ['lock'])
  t.throws(() => findBackup(place), { code: 'backup-invalid' })
})

for (const stage of ['copying', 'verifying', 'before the name'])
  t.test(`killed while ${stage}, it leaves nothing that looks whole, and the next run removes it`, async t => {
    const { ledger, folder, place } = await makeUsed(t)
    // More pages than it copies between two reports.
    for (let i = 0; i < 20; i++) await accept(ledger, `${i}`, 250_000)
    const script = new URL('../testing/backup-slowly.ts', import.meta.url).pathname
    const child = spawn(process.execPath, [script, folder, place, stage], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    await t.rejects(makeBackup(folder, place, options), { code: 'storage-unavailable' }, 'one at a time')
    child.kill('SIGKILL')
    await once(child, 'close')
    t.ok((await readdir(place)).some(name => name.startsWith('.unfinished-')))
    t.same(wholeBackups(place), [])
    t.throws(() => findBackup(place), { code: 'backup-invalid' })
    const { path } = await makeBackup(folder, place, options)
    t.same((await readdir(place)).toSorted(), [path.split('/').at(-1), 'lock'].toSorted())
  })

t.test('refuses a place that holds something else, or in which both would be lost', async t => {
  const { folder, place } = await makeUsed(t)
  await t.rejects(makeBackup(folder, join(folder, 'backups'), options), {
    code: 'configuration',
    detail: /lost together/,
  })
  await mkdir(place)
  await writeFile(join(place, 'letter.txt'), '')
  await t.rejects(makeBackup(folder, place, options), { code: 'configuration', detail: /"letter.txt"/ })
  await rm(join(place, 'letter.txt'))
  await makeBackup(folder, place, { ...options, now: () => new Date('2026-01-01T00:00:00Z') })
  await makeBackup(folder, place, { ...options, now: () => new Date('2025-01-01T00:00:00Z') })
  t.same(wholeBackups(place), ['2026-01-01T00-00-00.000Z', '2026-01-01T00-00-00.001Z'], 'the latest is the last')
  await t.rejects(makeBackup(folder, place, { ...options, owner: 'sender' }), { code: 'configuration' })
})

t.test('restores into an empty folder only, and a damaged backup into none', async t => {
  const { folder, place } = await makeUsed(t)
  const { path } = await makeBackup(folder, place, options)
  await t.rejects(openTestLedger(path), { code: 'configuration', detail: /is a backup, which no receiver may change/ })
  const data = join(await makeFolder(t), 'new')
  await mkdir(data)
  await writeFile(join(data, 'letter.txt'), '')
  await t.rejects(restore(place, data), { code: 'configuration', detail: /expected an empty folder, or none/ })
  await rm(join(data, 'letter.txt'))
  const [name = ''] = await readdir(join(path, 'contents'))
  const content = join(path, 'contents', name)
  const whole = await readFile(content)
  await writeFile(content, whole.with(9, whole[9]! ^ 1))
  await t.rejects(restore(place, data), { code: 'backup-invalid', detail: /is damaged: expected SHA-256/ })
  await t.rejects(openTestLedger(data), { code: 'configuration', detail: /has lost its database/ }, 'half of one')
  await writeFile(content, whole)
  await chmod(join(path, 'ledger.sqlite'), 0o600)
  const ledger = new DatabaseSync(join(path, 'ledger.sqlite'))
  ledger.exec("UPDATE documents SET accepted_at = '2026-01-02T03:04:05.679Z'")
  ledger.close()
  const other = join(await makeFolder(t), 'other')
  await t.rejects(restore(place, other), { code: 'backup-invalid', detail: /ledger.sqlite is damaged/ })
})
