import { statSync } from 'node:fs'
import { link, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeFolder } from '../testing/gateways.ts'
import { moveBeside } from './move-file.ts'

const beside = { suffix: '.receipt.xml', content: 'receipt', staging: await makeFolder(t) }

async function openFolders(t: Test) {
  const folder = await makeFolder(t)
  const [outgoing, sent] = [join(folder, 'outgoing'), join(folder, 'sent')]
  await mkdir(outgoing)
  await mkdir(sent)
  const put = async (name: string, text: string) => {
    await writeFile(join(outgoing, name), text)
    return join(outgoing, name)
  }
  const contents = async () => {
    const names = (await readdir(sent)).sort()
    return Object.fromEntries(
      await Promise.all(names.map(async name => [name, await readFile(join(sent, name), 'utf8')])),
    )
  }
  return { outgoing, sent, put, contents }
}

t.test('moves a file beside its companion', async t => {
  const { outgoing, sent, put, contents } = await openFolders(t)
  await moveBeside(await put('a.xml', 'one'), sent, 'a.xml', beside)
  t.same(await contents(), { 'a.xml': 'one', 'a.xml.receipt.xml': 'receipt' })
  t.same(await readdir(outgoing), [])
})

t.test('puts nothing over something else', async t => {
  const { sent, put, contents } = await openFolders(t)
  await moveBeside(await put('a.xml.receipt.xml', 'a document of that name'), sent, 'a.xml.receipt.xml', beside)
  for (const text of ['one', 'two', 'three']) await moveBeside(await put('a.xml', text), sent, 'a.xml', beside)
  const found = await contents()
  t.equal(found['a.xml.receipt.xml'], 'a document of that name')
  t.same([found['a-2.xml'], found['a-3.xml'], found['a-4.xml']], ['one', 'two', 'three'])
  t.notOk('a.xml' in found)
})

const otherDisk = statSync('/dev/shm', { throwIfNoEntry: false })?.dev
const noOtherDisk = otherDisk === undefined || otherDisk === statSync(tmpdir()).dev ? 'no other file system' : false

t.test('copies a file to another file system, also after a crash, and never twice', { skip: noOtherDisk }, async t => {
  const { sent, contents } = await openFolders(t)
  const outgoing = await mkdtemp('/dev/shm/seg-outgoing-')
  t.teardown(() => rm(outgoing, { recursive: true }))
  const put = async (name: string, text: string) => {
    await writeFile(join(outgoing, name), text)
    return join(outgoing, name)
  }
  await moveBeside(await put('a.xml', 'one'), sent, 'a.xml', beside)
  await moveBeside(await put('a.xml', 'two'), sent, 'a.xml', beside)
  // What a crash leaves behind the copy.
  await writeFile(join(sent, 'b.xml'), 'three')
  const path = await put('b.xml', 'three')
  await Promise.all(Array.from({ length: 5 }, () => moveBeside(path, sent, 'b.xml', beside)))
  const receipt = 'receipt'
  t.same(await contents(), {
    ...{ 'a.xml': 'one', 'a.xml.receipt.xml': receipt },
    ...{ 'a-2.xml': 'two', 'a-2.xml.receipt.xml': receipt },
    ...{ 'b.xml': 'three', 'b.xml.receipt.xml': receipt },
  })
  t.same(await readdir(outgoing), [])
})

t.test('continues where a crash left a file with both names', async t => {
  const { outgoing, sent, put, contents } = await openFolders(t)
  const path = await put('a.xml', 'one')
  await link(path, join(sent, 'a.xml'))
  await moveBeside(path, sent, 'a.xml', beside)
  t.same(await contents(), { 'a.xml': 'one', 'a.xml.receipt.xml': 'receipt' })
  t.same(await readdir(outgoing), [])
})

t.test('is done once by however many do it at once', async t => {
  const { outgoing, sent, put, contents } = await openFolders(t)
  const path = await put('a.xml', 'one')
  await Promise.all(Array.from({ length: 10 }, () => moveBeside(path, sent, 'a.xml', beside)))
  t.same(await contents(), { 'a.xml': 'one', 'a.xml.receipt.xml': 'receipt' })
  t.same(await readdir(outgoing), [])
})

t.test('says what the disk does not let it do', async t => {
  const { put } = await openFolders(t)
  await t.rejects(moveBeside(await put('a.xml', 'one'), '/nowhere', 'a.xml', beside), { code: 'file-unreadable' })
})
