import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fault } from '@seg/core'
import t, { type Test } from 'tap'
import { readDocuments } from './document-files.ts'
import type { DocumentStore } from './document-store.ts'
import { openDocumentStore } from './file-document-store.ts'
import { recordFolder } from './record-folder.ts'
import { collect, makeFolder, makeSample, type Sample, sender } from './testing/sample-documents.ts'

const noStrace = spawnSync('strace', ['true']).status === 0 ? false : 'no strace'

t.test('gives back what it accepted, byte for byte', async t => {
  const { store } = await openStore(t)
  const { document, bytes, receipt } = makeSample('doc1')
  t.same(await store.accept(document, bytes, receipt), { replay: false, receipt })
  t.same(await store.find(sender, 'doc1'), { ...document, index: 0 })
  t.same(await store.export(sender, 'doc1'), bytes)
  t.same(await store.receipt(sender, 'doc1'), receipt)
})

t.test('knows nothing of what it did not accept', async t => {
  const { store } = await openStore(t)
  t.equal(await store.find(sender, 'doc1'), undefined)
  t.equal(await store.export(sender, 'doc1'), undefined)
  t.equal(await store.receipt(sender, 'doc1'), undefined)
  t.same(await collect(store.list()), [])
})

t.test('answers a replay with the receipt that was stored first, also after a restart', async t => {
  const { store, folder } = await openStore(t)
  const { document, bytes, receipt } = makeSample('doc1')
  await store.accept(document, bytes, receipt)
  const later = { ...document, acceptedAt: '2027-01-01T00:00:00.000Z' }
  t.same(await store.accept(later, bytes, Buffer.from('another')), { replay: true, receipt })
  await store.close()
  const reopened = await openDocumentStore(folder)
  t.teardown(() => reopened.close())
  t.same(await reopened.accept(later, bytes, Buffer.from('another')), { replay: true, receipt })
  t.same(await collect(reopened.list()), [{ ...document, index: 0 }])
})

t.test('refuses other bytes under the same sender and id', async t => {
  const { store } = await openStore(t)
  await accept(store, makeSample('doc1'))
  await t.rejects(accept(store, makeSample('doc1', { salt: 'changed' })), { code: 'document-id-conflict' })
  t.same(await store.export(sender, 'doc1'), makeSample('doc1').bytes)
})

t.test('tells senders apart, also where a sender ends like an id', async t => {
  const { store } = await openStore(t)
  const pairs = [
    ['A', 'doc1'],
    ['B', 'doc1'],
    ['A doc', '1'],
    ['../../A', '../doc1'],
  ] as const
  for (const [from, id] of pairs) t.equal((await accept(store, makeSample(id, { from }))).replay, false)
  for (const [from, id] of pairs) t.same(await store.export(from, id), makeSample(id, { from }).bytes)
})

t.test('accepts one of 50 copies that come at once', async t => {
  const { store, folder } = await openStore(t)
  const { document, bytes } = makeSample('doc1')
  const receipts = Array.from({ length: 50 }, (_, i) => Buffer.from(`receipt ${i}`))
  const answers = await Promise.all(receipts.map(receipt => store.accept(document, bytes, receipt)))
  t.equal(answers.filter(({ replay }) => !replay).length, 1, 'one is new')
  t.equal(new Set(answers.map(({ receipt }) => receipt.toString())).size, 1, 'all get one receipt')
  t.equal((await collect(store.list())).length, 1)
  t.same(await readdir(join(folder, 'staging')), [])
})

t.test('accepts one of 50 different documents that come at once under one id', async t => {
  const { store } = await openStore(t)
  const samples = Array.from({ length: 50 }, (_, i) => makeSample('doc1', { salt: String(i) }))
  const outcomes = await Promise.allSettled(samples.map(sample => accept(store, sample)))
  const winner = outcomes.findIndex(({ status }) => status === 'fulfilled')
  const codes = outcomes.filter(outcome => outcome.status === 'rejected').map(({ reason }) => (reason as Fault).code)
  t.same(codes, Array(49).fill('document-id-conflict'))
  t.same(await store.export(sender, 'doc1'), samples[winner]?.bytes)
})

t.test('keeps the order of acceptance across restarts', async t => {
  const folder = await makeFolder(t)
  const ids = ['z', 'm', 'a', 'k', 'b']
  for (const id of ids) {
    const store = await openDocumentStore(folder)
    await accept(store, makeSample(id))
    await store.close()
  }
  const listed = await collect(readDocuments(folder).list())
  t.same(
    listed.map(({ id, index }) => [id, index]),
    ids.map((id, index) => [id, index]),
  )
})

t.test('is read by anybody while it is open, and before it ever was', async t => {
  const { store, folder } = await openStore(t)
  const { document, bytes, receipt } = makeSample('doc1')
  await store.accept(document, bytes, receipt)
  const reader = readDocuments(folder)
  t.same(await reader.find(sender, 'doc1'), { ...document, index: 0 })
  t.same(await reader.export(sender, 'doc1'), bytes)
  t.same(await collect(readDocuments(join(folder, 'nowhere')).list()), [])
})

t.test('opens for one process at a time', async t => {
  const { store, folder } = await openStore(t)
  await t.rejects(openDocumentStore(folder), { code: 'storage-unavailable', detail: /another process is using it/ })
  await store.close()
  await (await openDocumentStore(folder)).close()
})

t.test('opens again as soon as the process that had it open is killed', async t => {
  const folder = await makeFolder(t)
  const child = spawn(process.execPath, [join(import.meta.dirname, 'testing/hold-store.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  await t.rejects(openDocumentStore(folder), { code: 'storage-unavailable', detail: /another process is using it/ })
  child.kill('SIGKILL')
  await once(child, 'close')
  await (await openDocumentStore(folder)).close()
})

t.test('sweeps what a crash left in staging', async t => {
  const folder = await makeFolder(t)
  await mkdir(join(folder, 'staging/half'), { recursive: true })
  await writeFile(join(folder, 'staging/half/document.xml'), 'half')
  const store = await openDocumentStore(folder)
  t.teardown(() => store.close())
  t.same(await readdir(join(folder, 'staging')), [])
})

t.test('says that a stored document was damaged rather than export it', async t => {
  const { store, folder } = await openStore(t)
  await accept(store, makeSample('doc1'))
  const place = recordFolder(folder, sender, 'doc1')
  await writeFile(join(place, 'document.xml'), 'something else')
  await t.rejects(store.export(sender, 'doc1'), { code: 'storage-unavailable', detail: /document\.xml is damaged/ })
  await writeFile(join(place, 'record.json'), '{"sender":1}')
  await t.rejects(store.find(sender, 'doc1'), { code: 'storage-unavailable', detail: /record\.json is damaged/ })
  await rm(join(place, 'record.json'))
  await t.rejects(accept(store, makeSample('doc1')), { code: 'storage-unavailable', detail: /a file is missing/ })
})

t.test('a failure while staging leaves nothing, and the next try succeeds', async t => {
  const { store, folder } = await openStore(t)
  await rename(join(folder, 'staging'), join(folder, 'elsewhere'))
  await t.rejects(accept(store, makeSample('doc1')), { code: 'storage-unavailable', detail: /ENOENT/ })
  t.same(await collect(store.list()), [])
  await rename(join(folder, 'elsewhere'), join(folder, 'staging'))
  t.equal((await accept(store, makeSample('doc1'))).replay, false)
})

t.test('a failure of the rename leaves nothing, and the next try succeeds', async t => {
  const { store, folder } = await openStore(t)
  const shard = join(recordFolder(folder, sender, 'doc1'), '..')
  await rename(shard, `${shard}-away`)
  await t.rejects(accept(store, makeSample('doc1')), { code: 'storage-unavailable', detail: /ENOENT/ })
  t.same(await readdir(join(folder, 'staging')), [])
  t.same(await collect(store.list()), [])
  await rename(`${shard}-away`, shard)
  t.equal((await accept(store, makeSample('doc1'))).replay, false)
})

t.test('a folder that cannot be opened after the rename fails one acceptance; the next try has the document whole', async t => {
  const { store, folder } = await openStore(t)
  const { document, bytes, receipt } = makeSample('doc1')
  const shard = join(recordFolder(folder, sender, 'doc1'), '..')
  await asOrdinaryUser([folder, join(folder, 'staging'), join(folder, 'documents'), shard], async () => {
    // Names can be added to the folder, but it cannot be opened, which fsync needs.
    await chmod(shard, 0o300)
    await t.rejects(store.accept(document, bytes, receipt), { code: 'storage-unavailable', detail: /^cannot sync .*EACCES/ })
    await t.rejects(store.find(sender, 'doc1'), { code: 'storage-unavailable' }, 'nobody is told of what may not last')
    await t.rejects(store.receipt(sender, 'doc1'), { code: 'storage-unavailable' })
    await chmod(shard, 0o700)
    t.same(await store.accept(document, bytes, Buffer.from('another')), { replay: true, receipt })
  })
})

t.test(
  'an fsync that fails after the rename stops the store until the next start, which has the document whole',
  { skip: noStrace },
  async t => {
    const folder = await makeFolder(t)
    await (await openDocumentStore(folder)).close()
    const shard = join(recordFolder(folder, sender, 'doc1'), '..')
    const injection = ['-P', shard, '-e', 'trace=fsync', '-e', 'inject=fsync:error=EIO:when=1']
    const { told } = await runTraced(t, injection, 'fail-sync.ts', folder)
    const stopped = /^storage-unavailable: stopped until the next start: cannot sync .*EIO/
    t.match(JSON.parse(told), { accept: stopped, retry: stopped, find: stopped, receipt: stopped, another: stopped })

    const reopened = await openDocumentStore(folder)
    t.teardown(() => reopened.close())
    const { document, bytes, receipt } = makeSample('doc1')
    t.same(await reopened.accept(document, bytes, Buffer.from('another')), { replay: true, receipt })
  },
)

t.test('makes the data folder and every folder that it had to make above it durable', { skip: noStrace }, async t => {
  const base = await makeFolder(t)
  const { trace } = await runTraced(t, ['-y', '-e', 'trace=fsync'], 'fail-sync.ts', join(base, 'a/b/data'))
  const synced = [...trace.matchAll(/fsync\(\d+<([^>]*)>/g)].map(([, path]) => path)
  for (const folder of [base, join(base, 'a'), join(base, 'a/b'), join(base, 'a/b/data'), join(base, 'a/b/data/documents')]) {
    t.ok(synced.includes(folder), folder)
  }
})

t.test('close waits for what is being accepted', async t => {
  const folder = await makeFolder(t)
  const store = await openDocumentStore(folder)
  const acceptance = accept(store, makeSample('doc1'))
  await store.close()
  t.equal((await readDocuments(folder).find(sender, 'doc1'))?.id, 'doc1')
  t.equal((await acceptance).replay, false)
})

t.test('a data folder that cannot be made is a Fault', async t => {
  const folder = await makeFolder(t)
  await writeFile(join(folder, 'file'), '')
  await t.rejects(openDocumentStore(join(folder, 'file')), { code: 'storage-unavailable', detail: /cannot open the data folder/ })
})

/** A program of the tests under strace: what it told on standard output, and the trace. */
async function runTraced(t: Test, options: readonly string[], script: string, ...args: string[]): Promise<{ told: string; trace: string }> {
  const trace = join(await makeFolder(t), 'trace')
  const program = [process.execPath, join(import.meta.dirname, 'testing', script), ...args]
  // One thread for files: strace counts the calls of each.
  const { stdout, stderr } = spawnSync('strace', ['-f', '-qq', '-o', trace, ...options, ...program], {
    encoding: 'utf8',
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
  })
  t.equal(stderr, '')
  return { told: stdout, trace: await readFile(trace, 'utf8') }
}

async function openStore(t: Test): Promise<{ store: DocumentStore; folder: string }> {
  const folder = await makeFolder(t)
  const store = await openDocumentStore(folder)
  t.teardown(() => store.close())
  return { store, folder }
}

function accept(store: DocumentStore, { document, bytes, receipt }: Sample) {
  return store.accept(document, bytes, receipt)
}

/** Permissions mean nothing to root, who runs tests in containers: this gives the folders to user 65534 and becomes that user for a while. */
async function asOrdinaryUser(folders: readonly string[], work: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return work()
  for (const folder of folders) await chown(folder, 65534, 65534)
  process.seteuid?.(65534)
  try {
    await work()
  } finally {
    process.seteuid?.(0)
  }
}
