// The drop folder on a real disk: what is complete is taken, what was known before a crash is known
// after it, and nothing is lost on the way.
import { spawnSync } from 'node:child_process'
import { appendFile, link, mkdir, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { SendingGateway } from '../delivery/gateway.ts'
import { makeReceipt } from '../testing/foreign-receiver.ts'
import { makeCerts, makeDocument, makeFolder, openSender } from '../testing/gateways.ts'
import { DropFolder } from './drop-folder.ts'

const certs = await makeCerts(t)
const receiver = new URL('https://localhost:8443')
const reason = { code: 'schema-invalid', detail: 'no', at: 0 } as const

async function open(t: Test, data?: string) {
  const sender = await openSender(certs, data ?? (await makeFolder(t)))
  t.teardown(() => sender[Symbol.asyncDispose]())
  const gateway = { ...sender, clock: { ...sender.clock, elapsed: () => passed } }
  const refused: string[] = []
  const drop = new DropFolder(
    gateway,
    () => ({ given: receiver, otherwise: undefined }),
    (file, { code }) => refused.push(`${file}: ${code}`),
  )
  await drop.open()
  const outgoing = join(gateway.data, 'outgoing')
  const put = async (name: string, content: string | Buffer = makeDocument({ id: name })) => {
    await writeFile(join(outgoing, `.${name}`), content)
    await rename(join(outgoing, `.${name}`), join(outgoing, name))
  }
  return { gateway, drop, outgoing, put, refused, list: () => listFolders(gateway.data) }
}

async function listFolders(data: string) {
  const folders = ['outgoing', 'sent', 'refused'] as const
  return Object.fromEntries(
    await Promise.all(folders.map(async name => [name, (await readdir(join(data, name))).sort()])),
  )
}

/** Milliseconds of the clock by which files are left alone: it moves when a test moves it. */
let passed = 0

async function lookAndPass(drop: DropFolder, milliseconds: number): Promise<void> {
  await drop.look()
  passed += milliseconds
}

/** Looks until `isDone`. */
async function lookUntil(drop: DropFolder, isDone: () => Promise<boolean>): Promise<void> {
  for (let i = 0; !(await isDone()); i++) {
    if (i > 400) throw new Error('nothing comes of it')
    await lookAndPass(drop, 100)
  }
}

const attempt = { startedAt: 0, duration: 1 }
const entriesOf = ({ outbox }: SendingGateway) => Array.fromAsync(outbox.list())
const hasEntries = (gateway: SendingGateway, count: number) => async () => (await entriesOf(gateway)).length >= count
const isMoved = (list: () => Promise<Record<string, string[]>>) => async () => (await list()).outgoing!.length === 0

async function settle({ outbox, data }: SendingGateway, number: number, how: 'deliver' | 'refuse') {
  const entry = (await outbox.leaseOne(number))!
  const receipt = await makeReceipt(await readFile(join(data, entry.document.path)), certs)
  if (how === 'deliver') await outbox.deliver(entry, receipt, Date.now(), attempt)
  else await outbox.refuse(entry, { ...reason, at: Date.now() }, attempt)
}

t.test('takes a file, and moves it beside its receipt or its reason when that is known', async t => {
  const { gateway, drop, put, list } = await open(t)
  await put('a.xml')
  await put('b.xml')
  await lookUntil(drop, hasEntries(gateway, 2))
  await drop.look()
  t.same(await list(), { outgoing: ['a.xml', 'b.xml'], sent: [], refused: [] }, 'while it is not known they stay')
  const numbers = Object.fromEntries((await entriesOf(gateway)).map(({ file, number }) => [file, number]))
  await settle(gateway, numbers['a.xml']!, 'deliver')
  await settle(gateway, numbers['b.xml']!, 'refuse')
  await lookUntil(drop, isMoved(list))
  t.same(await list(), { outgoing: [], sent: ['a.xml', 'a.xml.receipt.xml'], refused: ['b.xml', 'b.xml.reason.json'] })
  t.same(await readFile(join(gateway.data, 'sent/a.xml.receipt.xml')), await gateway.outbox.receipt(numbers['a.xml']!))
  t.same(await readFile(join(gateway.data, 'sent/a.xml')), makeDocument({ id: 'a.xml' }))
  const why = JSON.parse(await readFile(join(gateway.data, 'refused/b.xml.reason.json'), 'utf8'))
  t.match(why, { state: 'refused', code: 'schema-invalid', advice: /schema/, id: 'b.xml', number: numbers['b.xml'] })
})

t.test('leaves a file alone while it is being written, even when the writer rests', async t => {
  const { gateway, drop, outgoing, refused } = await open(t)
  const text = makeDocument().toString()
  await writeFile(join(outgoing, 'a.xml'), '')
  for (let at = 0; at < text.length; at += 100) {
    await appendFile(join(outgoing, 'a.xml'), text.slice(at, at + 100))
    // Long enough to be looked at, now and then.
    if (at % 300 === 0) for (let i = 0; i < 15; i++) await lookAndPass(drop, 100)
  }
  await lookUntil(drop, hasEntries(gateway, 1))
  t.match(await entriesOf(gateway), [{ document: { id: 'doc123' } }])
  t.same(refused, [])
})

t.test('takes nothing that is no file, follows and waits for nothing, and names each once', async t => {
  const { gateway, drop, outgoing, put } = await open(t)
  await mkdir(join(outgoing, 'folder.xml'))
  await writeFile(join(gateway.data, 'elsewhere.xml'), makeDocument())
  await symlink(join(gateway.data, 'elsewhere.xml'), join(outgoing, 'link.xml'))
  await symlink('nowhere', join(outgoing, 'dangling.xml'))
  spawnSync('mkfifo', [join(outgoing, 'fifo.xml')])
  const socket = createServer().listen(join(outgoing, 'socket.xml'))
  t.teardown(() => socket.close())
  for (const name of ['.hidden.xml', 'a.xml.part', 'a.tmp', 'a.xml~'])
    await writeFile(join(outgoing, name), makeDocument())
  await writeFile(join(outgoing, 'old.part'), '<half')
  await utimes(join(outgoing, 'old.part'), 1, Date.now() / 1000 - 3601)
  await put('last.xml')
  await lookUntil(drop, hasEntries(gateway, 1))
  for (let i = 0; i < 10; i++) await drop.look()
  t.same(
    (await entriesOf(gateway)).map(({ file }) => file),
    ['last.xml'],
  )
  t.match(gateway.notes.sort(), [
    /^"dangling.xml" in outgoing is a symbolic link: it is not taken/,
    /^"fifo.xml" in outgoing is a FIFO/,
    /^"folder.xml" in outgoing is a folder/,
    /^"link.xml" in outgoing is a symbolic link/,
    /^"old.part" in outgoing is unfinished by its name/,
    /^"socket.xml" in outgoing is a socket/,
  ])
  t.equal(gateway.notes.length, 6)
})

t.test('takes names of any length, and in any encoding, and moves them under names that are like them', async t => {
  const { gateway, drop, outgoing, list, refused } = await open(t)
  const long = `${'文'.repeat(83)}.xml`
  const names = [
    ...[long, `${'a'.repeat(251)}.xml`, `${'b'.repeat(255)}`, `${'文'.repeat(73)}-.xml`, 'r%E4k.xml'].map(name =>
      Buffer.from(name),
    ),
    Buffer.from('r\xe4k.xml', 'latin1'),
    Buffer.from('b\xe4r.xml', 'latin1'),
    Buffer.from('line\nbreak\u202e.xml'),
    Buffer.from(`bad-${'c'.repeat(247)}.xml`),
  ]
  const pathOf = (name: Buffer) => Buffer.concat([Buffer.from(`${outgoing}/`), name])
  for (const [i, name] of names.entries())
    await writeFile(pathOf(name), i === names.length - 1 ? '<bad/>' : makeDocument({ id: `doc-${i}` }))
  await lookUntil(drop, hasEntries(gateway, names.length - 1))
  for (const { number } of await entriesOf(gateway)) await settle(gateway, number, number % 2 ? 'deliver' : 'refuse')
  await lookUntil(drop, isMoved(list))
  const { sent, refused: moved } = await list()
  t.equal(sent!.length + moved!.length, 2 * names.length)
  t.ok([...sent!, ...moved!].every(name => Buffer.byteLength(name) <= 255))
  const all = [...sent!, ...moved!]
  t.ok(all.some(name => /^文+~[0-9a-f]{16}\.xml$/.test(name)))
  t.ok(all.includes('r%E4k.xml') && all.includes('b%E4r.xml') && all.includes('line\nbreak\u202e.xml'))
  t.match(refused, [/^bad-c+\.xml: envelope-malformed$/])
})

t.test('continues with others when one file cannot be moved', async t => {
  const { gateway, drop, put, list } = await open(t)
  for (const name of ['1.xml', '2.xml', '3.xml', '4.xml', '5.xml']) await put(name, '<bad/>')
  await rm(join(gateway.data, 'refused'), { recursive: true })
  await writeFile(join(gateway.data, 'refused'), 'no folder')
  await lookUntil(drop, async () => gateway.notes.length >= 5)
  t.match(gateway.notes, Array(5).fill(/^"\d.xml" waits in outgoing: file-unreadable: cannot write/))
  await put('good.xml')
  await lookUntil(drop, hasEntries(gateway, 1))
  await settle(gateway, 1, 'deliver')
  await lookUntil(drop, async () => (await readdir(join(gateway.data, 'sent'))).length === 2)
  t.equal(gateway.notes.length, 5, 'each is reported once')
  await rm(join(gateway.data, 'refused'))
  await mkdir(join(gateway.data, 'refused'))
  await lookUntil(drop, isMoved(list))
})

t.test('does not follow a link that takes the place of a file', async t => {
  const { gateway, drop, outgoing, put, refused } = await open(t)
  await put('a.xml')
  await drop.look()
  await writeFile(join(gateway.data, 'secret'), makeDocument({ id: 'secret' }))
  await rm(join(outgoing, 'a.xml'))
  await symlink(join(gateway.data, 'secret'), join(outgoing, 'a.xml'))
  await lookUntil(drop, async () => gateway.notes.length > 0)
  passed += 1100
  await drop.look()
  t.same(await entriesOf(gateway), [])
  t.same(refused, [])
})

t.test('refuses at once what is no document, with the reason', async t => {
  const { gateway, drop, put, refused, list } = await open(t)
  await put('comment.xml', makeDocument().toString().replace('<Payload>', '<!-- x --><Payload>'))
  await put('other.xml', '<other/>')
  await lookUntil(drop, isMoved(list))
  t.same(refused.sort(), ['comment.xml: xml-comment', 'other.xml: envelope-malformed'])
  t.match(JSON.parse(await readFile(join(gateway.data, 'refused/comment.xml.reason.json'), 'utf8')), {
    code: 'xml-comment',
    advice: /--strip-comments/,
  })
  t.same(await entriesOf(gateway), [])
})

t.test('finds again after a restart what it had taken, and what had become of it meanwhile', async t => {
  const first = await open(t)
  const { data } = first.gateway
  for (const name of ['a.xml', 'b.xml', 'c.xml']) await first.put(name)
  await lookUntil(first.drop, hasEntries(first.gateway, 3))
  const numbers = Object.fromEntries((await entriesOf(first.gateway)).map(({ file, number }) => [file, number]))
  await settle(first.gateway, numbers['a.xml']!, 'deliver')
  await settle(first.gateway, numbers['b.xml']!, 'refuse')
  await first.gateway.outbox.close()
  const second = await open(t, data)
  await lookUntil(second.drop, async () => (await second.list()).outgoing!.length === 1)
  t.match(await second.list(), {
    outgoing: ['c.xml'],
    sent: ['a.xml', 'a.xml.receipt.xml'],
    refused: ['b.xml', 'b.xml.reason.json'],
  })
  t.equal((await entriesOf(second.gateway)).length, 3, 'nothing is queued twice')
})

t.test('sends again what is dropped again after a refusal, and finds what was delivered', async t => {
  const { gateway, drop, put, list } = await open(t)
  await put('a.xml')
  await lookUntil(drop, hasEntries(gateway, 1))
  await settle(gateway, 1, 'refuse')
  await lookUntil(drop, isMoved(list))
  await put('again.xml', makeDocument({ id: 'a.xml' }))
  await lookUntil(drop, hasEntries(gateway, 2))
  t.match(await entriesOf(gateway), [{ state: 'refused' }, { state: 'queued', document: { id: 'a.xml' } }])
})

t.test('does not queue again what a crash left under both names', async t => {
  const { gateway, drop, outgoing, put, list } = await open(t)
  await put('a.xml')
  await lookUntil(drop, hasEntries(gateway, 1))
  await settle(gateway, 1, 'refuse')
  await link(join(outgoing, 'a.xml'), join(gateway.data, 'refused/a.xml'))
  const second = await open(t, gateway.data)
  await lookUntil(second.drop, isMoved(list))
  t.match(await list(), { refused: ['a.xml', 'a.xml.reason.json'] })
  t.equal((await entriesOf(gateway)).length, 1)
})

t.test('takes what was written over a file for another document', async t => {
  const { gateway, drop, outgoing, put, list } = await open(t)
  await put('a.xml')
  await lookUntil(drop, hasEntries(gateway, 1))
  await settle(gateway, 1, 'deliver')
  await put('a.xml', makeDocument({ id: 'new' }))
  await lookUntil(drop, hasEntries(gateway, 2))
  t.match(await list(), { outgoing: ['a.xml'], sent: [] })
  t.match(await entriesOf(gateway), [{}, { document: { id: 'new' }, state: 'queued' }])
  t.same(await readFile(join(outgoing, 'a.xml')), makeDocument({ id: 'new' }))
})

t.test('lets two look at one folder', async t => {
  const one = await open(t)
  const two = await open(t, one.gateway.data)
  const names = Array.from({ length: 20 }, (_, i) => `${i}.xml`)
  for (const name of names) await one.put(name)
  const look = async () => void (await Promise.all([one.drop.look(), two.drop.look()]))
  const both = { look } as DropFolder
  await lookUntil(both, hasEntries(one.gateway, 20))
  for (const { number } of await entriesOf(one.gateway))
    await settle(one.gateway, number, number % 2 ? 'deliver' : 'refuse')
  await lookUntil(both, isMoved(one.list))
  const { sent, refused } = await one.list()
  t.equal(sent!.length + refused!.length, 40)
  t.equal((await entriesOf(one.gateway)).length, 20)
})
