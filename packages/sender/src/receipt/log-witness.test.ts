// A receiver's log from receipt to receipt, over real TLS: one that grows is let grow, one that is
// rewritten is found out and the evidence is kept.
import { appendFile, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openCheckpoint, openOutbox, parseVerifierKey } from '@seg/ledger'
import { verifyReceipt } from '@seg/xmldsig'
import t, { type Test } from 'tap'
import { sendTemplate } from '../delivery/send.ts'
import { listUnproven } from '../files/delivery-files.ts'
import { type ForeignLog, logOf } from '../testing/foreign-log.ts'
import { accept, answerReceipt, makeReceipt, type Reply, refuse, startReceiver } from '../testing/foreign-receiver.ts'
import { makeCerts, makeDocument, makeFolder, openInput, openSender } from '../testing/gateways.ts'
import { loadReceiptTrust } from './check-log-entry.ts'
import { LogWitness } from './log-witness.ts'

/** A receiver with a log of its own, a sender, and `send` for documents that differ. */
async function openExchange(t: Test, reply: (certs: string) => Reply = accept) {
  const certs = await makeCerts(t)
  const receiver = await startReceiver(t, certs, reply(certs))
  const data = await makeFolder(t)
  const sender = await openSender(certs, data, 5000)
  t.teardown(() => sender[Symbol.asyncDispose]())
  const send = async (id: string, gateway = sender) => {
    const template = {
      file: `${id}.xml`,
      input: await openInput(t, makeDocument({ id })),
      id: undefined,
      stripComments: false,
    }
    return sendTemplate(template, receiver.url, gateway)
  }
  const verifier = parseVerifierKey(await readFile(join(certs, 'log.pub'), 'utf8'))
  const seen = async () => (await sender.outbox.logs.witnessed(`${verifier.name}+${verifier.hash.toString('hex')}`)).own
  return { certs, data, receiver, sender, send, seen, verifier, log: logOf(certs) }
}

/** As many more entries as another's documents would make. */
const grow = (log: ForeignLog, count: number) => {
  for (let i = 0; i < count; i++) log.leaves.push(Buffer.from(`entry ${i} of others`))
}

t.test('follows a log that grows, past the edges of its tiles', async t => {
  const { log, send, seen, receiver, verifier } = await openExchange(t)
  for (const others of [0, 1, 253, 0, 1, 600]) {
    grow(log, others)
    const { receipt } = await send(`doc${log.leaves.length}`)
    t.match(await seen(), { size: log.leaves.length, note: receipt.logEntry.checkpoint })
    t.same(openCheckpoint((await seen())!.note, verifier).root, (await seen())!.root)
  }
  t.equal(receiver.received.length, 6)
})

t.test('sounds the alarm when a log was rewritten, keeps both sides and delivers nothing more', async t => {
  const { log, send, seen, data, sender } = await openExchange(t)
  grow(log, 5)
  const { receipt } = await send('first')
  const before = await seen()
  log.leaves[2] = Buffer.from('it never was')
  grow(log, 3)
  const fault = await send('second').catch(error => error)
  t.match(fault, { code: 'log-rewritten', exitCode: 6, detail: /evidence is kept in / })
  const place = / is kept in (.*)$/.exec(fault.detail)?.[1] ?? ''
  t.ok(place.startsWith(join(data, 'evidence')))
  t.same((await readdir(place)).sort(), ['before.checkpoint', 'evidence.json', 'receipt.xml', 'shown.checkpoint'])
  t.equal(await readFile(join(place, 'before.checkpoint'), 'utf8'), receipt.logEntry.checkpoint)
  t.match(JSON.parse(await readFile(join(place, 'evidence.json'), 'utf8')), {
    seenBefore: { size: 6 },
    shownNow: { size: 10 },
  })
  t.same(await seen(), before, 'what was seen before stays remembered')
  t.match(await sender.outbox.find(2), { state: 'queued', reason: { code: 'log-rewritten' } })
  await t.rejects(send('second'), { code: 'log-rewritten' }, 'the next time, too')
  t.equal((await readdir(join(data, 'evidence'))).length, 2, 'and a replay with another checkpoint is more evidence')
})

t.test('keeps a hundred folders of evidence for one key, and deletes none', async t => {
  const { log, send, data } = await openExchange(t)
  grow(log, 5)
  await send('first')
  for (let i = 0; i < 100; i++)
    await mkdir(join(data, 'evidence', `log-${await keyHash(data)}-${i}`), { recursive: true })
  log.leaves[2] = Buffer.from('it never was')
  const fault = await send('second').catch(error => error)
  t.match(fault, { code: 'log-rewritten', detail: /evidence is kept in .*evidence$/ })
  t.equal((await readdir(join(data, 'evidence'))).length, 100)

  async function keyHash(data: string): Promise<string> {
    const outbox = await openOutbox(data)
    const [known] = await outbox.logs.remembered()
    await outbox.close()
    return known!.log.slice(-8)
  }
})

t.test('an entry that shows its facts, after one that is blinded, is none', async t => {
  const { log, send, data, sender } = await openExchange(t, certs => async (response, received, count) => {
    const receipt = await makeReceipt(received, certs)
    if (count !== 2) return answerReceipt(response, receipt)
    const { logEntry, ...facts } = verifyReceipt(receipt, () => {})
    const { certificate: _, ...shown } = JSON.parse(logEntry.opening!.facts.toString())
    const leaf = Buffer.from(JSON.stringify({ v: 1, type: 'accepted', at: facts.acceptedAt, ...shown }))
    logOf(certs).leaves[logEntry.index] = leaf
    answerReceipt(
      response,
      await makeReceipt(received, certs, { ...facts, logEntry: await logOf(certs).prove(logEntry.index) }),
    )
  })
  await send('first')
  const fault = await send('second').catch(error => error)
  t.match(fault, { code: 'receipt-invalid', detail: /entry of version 2 \(0\) before one of version 1 \(1\)/ }, data)
  t.equal(log.leaves.length, 2)
  t.same(await sender.outbox.logs.versions('MINISTRY%202_SEG01'), { lastShown: undefined, firstBlinded: 0 })
})

const rewrites: Record<string, (log: ForeignLog) => void> = {
  'begins again with nothing': log => log.leaves.splice(0),
  'is cut short by one': log => log.leaves.pop(),
  'is cut short by two': log => log.leaves.splice(-2),
  'has two entries in another order': log => log.leaves.splice(0, 2, log.leaves[1]!, log.leaves[0]!),
  'has one more in front': log => log.leaves.unshift(Buffer.from('x')),
}
for (const [what, rewrite] of Object.entries(rewrites)) {
  t.test(`sounds the alarm when a log ${what}`, async t => {
    const { log, send } = await openExchange(t)
    grow(log, 4)
    await send('first')
    rewrite(log)
    await t.rejects(send('second'), { code: 'log-rewritten' })
  })
}

t.test('accepts the receipt of long ago for a document that is sent again', async t => {
  let first: Buffer | undefined
  const { log, send, seen } = await openExchange(t, certs => async (response, received, count) => {
    const receipt = count === 3 ? first! : await makeReceipt(received, certs)
    first ??= receipt
    // The first time it cannot be reported; later, a replay gets the same.
    if (count === 1) refuse('overloaded', { 'retry-after': '60' })(response, received, count)
    else answerReceipt(response, receipt)
  })
  await t.rejects(send('old'), { code: 'delivery-pending' })
  grow(log, 300)
  const { receipt } = await send('new')
  const { receipt: old } = await send('old')
  t.equal(old.logEntry.treeSize, 1)
  t.match(await seen(), { size: receipt.logEntry.treeSize }, 'what is remembered stays the newest')
})

t.test('has not delivered what it has a receipt for while the log is not shown', async t => {
  const { log, send, sender, receiver } = await openExchange(t)
  await send('first')
  const answer = log.answer
  let refusals = 0
  log.answer = (_path, response) => {
    if (++refusals === 1) response.socket?.destroy()
    else response.writeHead(503).end()
  }
  grow(log, 1)
  const hurried = { ...sender, patience: { ...sender.patience, timeout: 2_000 } }
  await t.rejects(send('second', hurried), { code: 'delivery-pending', detail: /the receiver does not show its log/ })
  t.match(await sender.outbox.find(2), { state: 'queued', reason: { detail: /its log/ } })
  log.answer = answer
  t.ok((await send('second')).made)
  t.ok(
    receiver.received.slice(1).every(bytes => bytes.equals(receiver.received[1]!)),
    'the same bytes on every try',
  )
})

t.test('sounds the alarm at once when the log has shrunk and says so itself, and keeps the receipt', async t => {
  const { log, send, sender, data, receiver } = await openExchange(t)
  grow(log, 20)
  await send('first')
  log.leaves.splice(0)
  const fault = await send('second').catch(error => error)
  t.match(fault, { code: 'log-rewritten', exitCode: 6, detail: /shrunk: it had 21 entries, and now has 1;/ })
  t.equal(receiver.received.length, 2, 'at the first try')
  const place = / is kept in (.*)$/.exec(fault.detail)?.[1] ?? ''
  t.match(await readFile(join(place, 'shown.checkpoint'), 'utf8'), /\n1\n/)
  const entry = (await sender.outbox.find(2))!
  t.match(entry, { state: 'queued', reason: { code: 'log-rewritten' } })
  const [unproven] = await listUnproven(data, entry.delivery)
  t.match(await readFile(unproven!, 'utf8'), '<DocumentID>second<')
  t.same(
    (await sender.outbox.logs.seen()).map(({ size }) => size),
    [21, 1],
    'both checkpoints are among those seen',
  )
})

t.test('sounds the alarm when a receiver withholds its log, after three answers', async t => {
  const { log, send, sender, receiver } = await openExchange(t)
  grow(log, 20)
  await send('first')
  grow(log, 300)
  const { answer } = log
  log.answer = (path, response) => {
    if (path !== 'checkpoint') response.writeHead(404).end()
    else answer.call(log, path, response)
  }
  await t.rejects(send('second'), { code: 'log-unproven', exitCode: 6, detail: /asked 3 times/ })
  t.match(await sender.outbox.find(2), { state: 'queued', reason: { code: 'log-unproven' } })
  t.equal(receiver.received.length, 4)
  log.answer = answer
  t.ok((await send('second')).made, 'and continues when it is shown')
  t.same([...(await sender.outbox.logs.doubts())], [])
})

t.test('sounds the alarm when a log is out of reach for a day', async t => {
  const { log, send, sender } = await openExchange(t)
  await send('first')
  grow(log, 3)
  log.answer = (_path, response) => response.writeHead(503).end()
  let passed = 0
  const now = () => new Date(Date.now() + passed)
  const witness = new LogWitness({ outbox: sender.outbox, data: sender.data, now })
  const patient = { ...sender, witness, patience: { ...sender.patience, timeout: 2_000 } }
  const looks = async () => [...(await sender.outbox.logs.doubts()).values()][0]?.looks ?? 0
  for (let i = 0; (await looks()) < 10; i++) {
    if (i > 50) throw new Error('it is not asked')
    await t.rejects(send('second', patient), { code: 'delivery-pending' })
  }
  passed = 24 * 3_600_000
  await t.rejects(send('second', patient), { code: 'log-unproven' })
})

t.test('holds a log to what it showed under the key before, until a person ends that log', async t => {
  const { certs, log, send, sender, verifier } = await openExchange(t)
  grow(log, 20)
  await send('first')
  const old = `${verifier.name}+${verifier.hash.toString('hex')}`
  // Another key takes over, which log.pub lists beside the first.
  const [oldLine, other] = [await readFile(join(certs, 'log.pub'), 'utf8'), await makeCerts(t)]
  for (const name of ['log.key', 'log.pub']) await copyFile(join(other, name), join(certs, name))
  await appendFile(join(certs, 'log.pub'), oldLine)
  const renewed = { ...sender, trust: await loadReceiptTrust(certs) }
  await send('second', renewed)
  t.same((await sender.outbox.logs.remembered()).map(({ size }) => size).sort(), [21, 22])
  log.leaves[3] = Buffer.from('it never was')
  await t.rejects(send('third', renewed), { code: 'log-rewritten' })
  // And a third key, under which the log begins again.
  const third = await makeCerts(t)
  const lines = await readFile(join(certs, 'log.pub'), 'utf8')
  for (const name of ['log.key', 'log.pub']) await copyFile(join(third, name), join(certs, name))
  await appendFile(join(certs, 'log.pub'), lines)
  log.leaves.splice(0)
  const changed = { ...sender, trust: await loadReceiptTrust(certs) }
  await t.rejects(send('fourth', changed), { code: 'log-rewritten' })
  for (const known of await sender.outbox.logs.remembered()) t.ok(await sender.outbox.logs.end(known.log))
  t.ok((await send('fourth', changed)).made)
  t.notOk(await sender.outbox.logs.end(`${old}0`))
})

t.test('holds the key that was replaced to what its successor signed', async t => {
  const { certs, data, log, send, sender } = await openExchange(t)
  grow(log, 4)
  await send('first')
  const [oldLine, oldKey, other] = [
    await readFile(join(certs, 'log.pub'), 'utf8'),
    await readFile(join(certs, 'log.key')),
    await makeCerts(t),
  ]
  for (const name of ['log.key', 'log.pub']) await copyFile(join(other, name), join(certs, name))
  await appendFile(join(certs, 'log.pub'), oldLine)
  const both = { ...sender, trust: await loadReceiptTrust(certs) }
  await send('second', both)
  const history = [...log.leaves]
  await writeFile(join(certs, 'log.key'), oldKey)
  // Another sixth entry, under the key before: it continues what that key signed.
  log.leaves.pop()
  await t.rejects(send('third', both), { code: 'log-rewritten', detail: /not of one history/ })
  // And a true continuation, which that key cannot sign any more.
  log.leaves = history
  await t.rejects(send('fourth', both), { code: 'log-rewritten', detail: /a key that was replaced signed 7 entries/ })
  t.equal((await readdir(join(data, 'evidence'))).length, 2)
  t.same(
    (await sender.outbox.logs.seen()).map(({ size }) => size).sort(),
    [5, 6, 6, 7],
    'what broke with the others is there for partners to find',
  )
})

t.test('takes no tile at its word', async t => {
  const { log, send } = await openExchange(t)
  grow(log, 3)
  await send('first')
  grow(log, 3)
  log.answer = (_path, response) =>
    void response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(Buffer.alloc(7 * 32))
  await t.rejects(send('second'), { code: 'log-rewritten' })
})

t.test('reads the log once for many receipts of one moment', async t => {
  const { certs, log, send, sender, verifier } = await openExchange(t)
  await send('first')
  grow(log, 1000)
  const shown = await Promise.all(Array.from({ length: 20 }, (_, i) => log.append(Buffer.from(`${i}`))))
  let asked = 0
  const { answer } = log
  log.answer = (path, response) => {
    asked++
    answer.call(log, path, response)
  }
  const receiver = await startReceiver(t, certs, accept(certs))
  const link = { receiver: receiver.url, identity: sender.identity, trust: sender.trust, admitServer() {} }
  const demands = shown.map(({ treeSize: size, checkpoint: note }) => {
    const { root } = openCheckpoint(note, verifier)
    const tree = { size, root, note, log: `${verifier.name}+${verifier.hash.toString('hex')}` }
    return sender.witness.demand({
      tree,
      verifiers: [verifier],
      receipt: Buffer.alloc(0),
      link,
      signal: AbortSignal.timeout(5000),
    })
  })
  t.same(new Set(await Promise.all(demands)), new Set([undefined]))
  t.ok(asked < 20, `${asked} tiles were asked for`)
})
