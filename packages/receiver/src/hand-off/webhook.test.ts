import { spawn, spawnSync } from 'node:child_process'
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import type { IncomingHttpHeaders, RequestListener, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '@seg/core/testing/until'
import { HELD_IN_MEMORY, type Ledger } from '@seg/ledger'
import { loadIdentity } from '@seg/pki'
import t, { type Test } from 'tap'
import { makeCerts, makeFolder, openTestLedger, someChain } from '../testing/gateway.ts'
import { HandOffLease } from './hand-off-lease.ts'
import { type Edge, startLanes } from './sender-lanes.ts'
import { LIFETIME, loadWebhook, WebhookLanes } from './webhook.ts'

const certs = await makeCerts(t)
const secret = randomBytes(32)
const secretFile = join(certs, 'webhook.secret')
await writeFile(secretFile, secret, { mode: 0o600 })

/** Of every document, and of the start before them: entries of the log do not go back in time. */
const ACCEPTED_AT = '2026-11-24T12:00:00.000Z'

type Posted = { readonly headers: IncomingHttpHeaders; readonly body: Buffer }
type Reply = (response: ServerResponse, posted: Posted, count: number) => unknown

/** The receiver's own systems: what was posted to them, and what they answer. */
async function startSystem(t: Test, reply: Reply, certificates = certs) {
  const posted: Posted[] = []
  const take: RequestListener = async (request, response) => {
    const body = Buffer.concat(await request.toArray().catch(() => []))
    if (!request.complete) return
    posted.push({ headers: request.headers, body })
    reply(response, posted.at(-1)!, posted.length)
  }
  return { posted, url: await startServer(t, take, certificates) }
}

async function startServer(t: Test, listener: RequestListener, certificates = certs): Promise<URL> {
  const { certificatePem, keyPem } = await loadIdentity(certificates, 'receiver')
  const server = createServer({ cert: certificatePem, key: keyPem }, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/documents?from=gateway`)
}

const answer =
  (status: number, headers = {}): Reply =>
  response =>
    response.writeHead(status, headers).end()

const partsOf = (ledger: Ledger, logger: never, edge: Edge) => ({
  ...{ ledger, logger, edge },
  lease: new HandOffLease(ledger, edge.elapsed, () => {}),
})

async function openScene(t: Test, url: URL) {
  const data = await makeFolder(t)
  let time = Date.now()
  let passed = 0
  const now = () => new Date(time)
  const ledger = await openTestLedger(certs, data, () => new Date(ACCEPTED_AT))
  const lines: string[] = []
  const log = { error: (line: string) => void lines.push(line), info: (line: string) => void lines.push(line) }
  const webhook = await loadWebhook({ url, secret: secretFile, ca: join(certs, 'ca.crt') })
  const traceParent = ({ id }: { readonly id: string }) => `trace of ${id}`
  const edge = { now, elapsed: () => passed + performance.now(), random: () => 0, note: () => {}, traceParent }
  const handOff = startLanes(new WebhookLanes(webhook, ledger, log as never, edge), partsOf(ledger, log as never, edge))
  t.teardown(async () => {
    await handOff.close()
    await ledger.close()
  })
  /** The system's clock alone. */
  const jump = (milliseconds: number) => {
    time += milliseconds
  }
  const pass = (milliseconds: number) => {
    time += milliseconds
    passed += milliseconds
  }
  return { ledger, lines, handOff, pass, jump, now }
}

async function accept(ledger: Ledger, id: string, { sender = 'A', size = 100 } = {}): Promise<Buffer> {
  const bytes = Buffer.alloc(size, `${sender} ${id} `)
  const digest = createHash('sha256').update(bytes).digest()
  const content = ledger.stage()
  await content.write(bytes)
  const acceptedAt = ACCEPTED_AT
  await ledger.accept(
    {
      sender,
      id,
      acceptedAt,
      bytes: size,
      sha256: digest.toString('hex'),
      referenceDigest: digest.toString('base64'),
      chain: someChain,
    },
    content,
  )
  return bytes
}

const idsOf = (posted: readonly Posted[]) =>
  posted.map(({ headers }) => `${headers['seg-sender']} ${headers['seg-document-id']}`)
const lettersOf = async (ledger: Ledger) =>
  (await Array.fromAsync(ledger.deadLetters())).map(
    ({ document, reason }) => `${document.sender} ${document.id}: ${reason}`,
  )

t.test(
  'posts each document once, its exact bytes and what is known of it, signed so that the secret verifies it',
  async t => {
    const { posted, url } = await startSystem(t, answer(204))
    const { ledger, lines, now } = await openScene(t, url)
    const documents = new Map<string, Buffer>()
    for (const [id, size] of Object.entries({ small: 100, large: 3 * HELD_IN_MEMORY, empty: 0 }))
      documents.set(id, await accept(ledger, id, { sender: 'Außenamt 1', size }))
    await until(async () => (await ledger.cursor('webhook Außenamt 1')) === 3)
    t.same(
      idsOf(posted),
      ['small', 'large', 'empty'].map(id => `Au%C3%9Fenamt%201 ${id}`),
    )
    for (const [i, { headers, body }] of posted.entries()) {
      const bytes = documents.get(String(headers['seg-document-id']))!
      t.ok(body.equals(bytes))
      const signed = Buffer.concat([Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`), body])
      t.equal(headers['webhook-signature'], `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`)
      t.match(headers, {
        'content-type': 'application/xml',
        'webhook-id': `entry-${i + 1}`,
        'webhook-timestamp': String(Math.floor(now().getTime() / 1000)),
        'seg-index': String(i + 1),
        'seg-sha256': createHash('sha256').update(bytes).digest('hex'),
        traceparent: `trace of ${headers['seg-document-id']}`,
        'seg-accepted-at': ACCEPTED_AT,
      })
    }
    t.same(lines, [])
  },
)

t.test('keeps the order of each sender, and lets one sender wait alone', async t => {
  let isFixed = false
  const { posted, url } = await startSystem(t, (response, { headers }) => {
    response.writeHead(headers['seg-document-id'] === 'A2' && !isFixed ? 500 : 200).end()
  })
  const { ledger, lines } = await openScene(t, url)
  for (const id of ['A1', 'B1', 'A2', 'B2', 'A3', 'B3']) await accept(ledger, id, { sender: id[0]! })
  await until(() => lines.length > 0 && idsOf(posted).includes('B B3'))
  const before = idsOf(posted)
  t.same(
    before.filter(id => id.startsWith('B')),
    ['B B1', 'B B2', 'B B3'],
  )
  t.notOk(before.includes('A A3'), 'not before what comes before it')
  isFixed = true
  await until(async () => (await ledger.cursor('webhook A')) === 5)
  const ofA = idsOf(posted).filter(id => id.startsWith('A'))
  t.same([...new Set(ofA)], ['A A1', 'A A2', 'A A3'])
  t.match(lines, [/holds up documents of "A": document "A2" from "A": HTTP status 500/, /takes documents of "A" again/])
})

t.test('waits for what may pass, as long as it is asked to, and gives up what is not wanted', async t => {
  const statuses: Record<string, number> = { one: 503, two: 422, three: 302, four: 404, five: 200 }
  const { posted, url } = await startSystem(t, (response, { headers }) => {
    const status = statuses[String(headers['seg-document-id'])]!
    response.writeHead(status, { 'retry-after': '60', location: 'https://elsewhere.example/' }).end()
  })
  const { ledger, lines, pass } = await openScene(t, url)
  for (const id of Object.keys(statuses)) await accept(ledger, id)
  await until(() => lines.length === 1)
  pass(59_000)
  await pause(600)
  t.same(idsOf(posted), ['A one'], 'not before it asked to be')
  statuses.one = 200
  pass(2_000)
  // A redirection and a missing path are fixed at the other end.
  await until(() => lines.some(line => line.includes('document "three" from "A": HTTP status 302')))
  t.same(await lettersOf(ledger), ['A two: HTTP status 422'])
  statuses.three = statuses.four = 200
  pass(120_000)
  await until(async () => (await ledger.cursor('webhook A')) === 5)
  t.same(
    [...new Set(idsOf(posted))],
    Object.keys(statuses).map(id => `A ${id}`),
  )
  t.match(lines.join('\n'), /does not take document "two" from "A": HTTP status 422; `receiver dead-letters` lists it/)
})

t.test('gives up after days of answers, but never for want of one', async t => {
  let isThere = true
  const { posted, url } = await startSystem(t, response =>
    isThere ? response.writeHead(500).end() : response.destroy(),
  )
  const { ledger, lines, pass } = await openScene(t, url)
  await accept(ledger, 'one')
  await accept(ledger, 'two')
  await until(() => lines.length === 1)
  pass(LIFETIME)
  await until(async () => (await lettersOf(ledger)).length === 1)
  t.same(await lettersOf(ledger), ['A one: HTTP status 500'])
  isThere = false
  // `two` was answered before; the one after it never is.
  pass(LIFETIME)
  await until(() => idsOf(posted).filter(id => id === 'A two').length > 1)
  pass(2 * LIFETIME)
  await accept(ledger, 'three', { sender: 'B' })
  await until(() => idsOf(posted).includes('B three'))
  const seen = posted.length
  for (let i = 0; i < 3; i++) pass(LIFETIME)
  await until(() => posted.length > seen + 1)
  t.notOk((await lettersOf(ledger)).includes('B three'))
})

t.test('posts again what was on its way when the receiver stopped, and nothing else', async t => {
  const { posted, url } = await startSystem(t, (response, _posted, count) => {
    if (count !== 2) response.writeHead(200).end()
  })
  const { ledger, handOff } = await openScene(t, url)
  await accept(ledger, 'one')
  await accept(ledger, 'two')
  await until(() => posted.length === 2)
  await handOff.close()
  t.equal(await ledger.cursor('webhook A'), 1)
  const webhook = await loadWebhook({ url, secret: secretFile, ca: join(certs, 'ca.crt') })
  const edge = { now: () => new Date(), elapsed: () => performance.now(), random: () => 0, note: () => {} }
  const again = startLanes(new WebhookLanes(webhook, ledger, console, edge), partsOf(ledger, console as never, edge))
  await until(async () => (await ledger.cursor('webhook A')) === 2)
  await again.close()
  t.same(idsOf(posted), ['A one', 'A two', 'A two'])
})

t.test('talks to nobody whose certificate is not good', async t => {
  const stranger = await startSystem(t, answer(200), await makeCerts(t))
  const { ledger, lines } = await openScene(t, stranger.url)
  await accept(ledger, 'one')
  await until(() => lines.length > 0)
  t.match(lines[0], /holds up documents of "A": .*certificate/)
  t.same(stranger.posted, [])
})

t.test('sends nothing to a server whose certificate is not valid, with any environment', async t => {
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  t.teardown(() => delete process.env.NODE_TLS_REJECT_UNAUTHORIZED)
  const stranger = await startSystem(t, answer(200), await makeCerts(t))
  const { ledger, lines } = await openScene(t, stranger.url)
  await accept(ledger, 'one')
  await until(() => lines.length + stranger.posted.length > 0)
  t.match(lines[0], /holds up documents of "A": .*certificate/)
  t.same(stranger.posted, [])
})

t.test('takes no document for taken that was not sent to its end', async t => {
  let isEarly = true
  const whole: number[] = []
  const url = await startServer(t, (request, response) => {
    const answerNow = () => response.writeHead(200).end()
    let read = 0
    request
      .on('error', () => {})
      .on('data', chunk => {
        read += chunk.length
      })
    if (isEarly) return request.once('data', answerNow)
    return request.on('end', () => {
      whole.push(read)
      answerNow()
    })
  })
  const { ledger, lines, pass } = await openScene(t, url)
  const size = 30_000_000
  await accept(ledger, 'large', { size })
  await until(() => lines.length > 0)
  t.match(
    lines[0],
    /holds up documents of "A": document "large" from "A": HTTP status 200 before the whole document was sent/,
  )
  t.equal(await ledger.cursor('webhook A'), -1)
  isEarly = false
  pass(60_000)
  await until(async () => (await ledger.cursor('webhook A')) === 1)
  t.same(whole, [size], 'once is enough')
})

t.test('takes a refusal that arrives before the whole document is sent', async t => {
  const url = await startServer(t, (request, response) => {
    request.on('error', () => {}).once('data', () => response.writeHead(413, { connection: 'close' }).end())
  })
  const { ledger } = await openScene(t, url)
  await accept(ledger, 'large', { size: 30_000_000 })
  await until(async () => (await ledger.cursor('webhook A')) === 1)
  t.same(await lettersOf(ledger), ['A large: HTTP status 413'])
})

t.test('reads no answer that has no end', async t => {
  let closed = 0
  const url = await startServer(t, (request, response) => {
    response.on('close', () => closed++)
    response.writeHead(200)
    const more = () => void (response.destroyed || response.write('x'.repeat(10_000), () => setImmediate(more)))
    request.resume().on('end', more)
  })
  const { ledger } = await openScene(t, url)
  await accept(ledger, 'one')
  await until(() => closed === 1)
  t.equal(await ledger.cursor('webhook A'), 1)
})

t.test('gives each of many senders its turn, however much the others have', async t => {
  const { posted, url } = await startSystem(t, response => void setTimeout(() => response.writeHead(200).end(), 5))
  const { ledger } = await openScene(t, url)
  const senders = Array.from({ length: 12 }, (_, i) => String.fromCharCode(65 + i))
  const backlog = 40
  await Promise.all(
    senders.flatMap(sender => Array.from({ length: backlog }, (_, i) => accept(ledger, `${i}`, { sender }))),
  )
  await until(() => posted.length === backlog * senders.length)
  const first = senders.map(sender => posted.findIndex(({ headers }) => headers['seg-sender'] === sender))
  t.ok(Math.max(...first) < (backlog * senders.length) / 2, `the last had its first turn after ${Math.max(...first)}`)
})

t.test('a webhook that floods its connection instead of answering is left, and tried again', async t => {
  const interim = (times: number): RequestListener => {
    return (request, response) => {
      request.resume().on('end', () => {
        for (let i = 0; i < times; i++) response.writeProcessing()
        if (times <= 32) response.writeHead(200).end()
      })
    }
  }
  const few = await openScene(t, await startServer(t, interim(32)))
  await accept(few.ledger, 'one')
  await until(async () => (await few.ledger.cursor('webhook A')) === 1)
  const many = await openScene(t, await startServer(t, interim(33)))
  await accept(many.ledger, 'one')
  await until(() => many.lines.length > 0)
  t.match(many.lines[0], /the webhook sent interim responses more than 32 times/)
  if (spawnSync('openssl', ['version']).status !== 0) return
  const { url, renewKey } = await startOpenssl(t)
  const flood = await openScene(t, url)
  await accept(flood.ledger, 'one')
  await until(async () => {
    await renewKey()
    return flood.lines.length > 0
  })
  t.match(flood.lines[0], /the webhook renewed the key of the connection more than 32 times/)
})

t.test('a secret and a CA that are both missing are one Fault, not the end of the process', async t => {
  const missing = join(await makeFolder(t), 'missing')
  const files = { url: new URL('https://localhost'), secret: missing, ca: missing }
  await t.rejects(loadWebhook(files), { code: 'configuration', detail: /ENOENT/ })
})

t.test('signs with the octets that whsec_ stands for, as the libraries of Standard Webhooks do', async t => {
  const file = join(await makeFolder(t), 'secret')
  await writeFile(file, `whsec_${secret.toString('base64')}\n`, { mode: 0o600 })
  const loaded = await loadWebhook({ url: new URL('https://localhost'), secret: file, ca: undefined })
  // openssl computes the signature of the specification's three parts beside us.
  const signed = 'entry-1.1764302400.<CriticalDocument/>'
  const openssl = spawnSync(
    'openssl',
    ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${secret.toString('hex')}`, '-binary'],
    { input: signed },
  )
  t.equal(createHmac('sha256', loaded.secret).update(signed).digest('base64'), openssl.stdout.toString('base64'))
})

t.test('is not started without a secret that is one', async t => {
  const load = (file: string) => loadWebhook({ url: new URL('https://localhost'), secret: file, ca: undefined })
  const file = join(await makeFolder(t), 'secret')
  await t.rejects(load(file), { code: 'configuration', detail: /ENOENT/ })
  await writeFile(file, Buffer.alloc(31, 1), { mode: 0o600 })
  await t.rejects(load(file), {
    code: 'configuration',
    detail: /expected a secret of 32 bytes or more in .*, found 31/,
  })
  await writeFile(file, Buffer.alloc(32, 1))
  t.equal((await load(file)).secret.length, 32)
  for (const mode of [0o640, 0o604, 0o620]) {
    await chmod(file, mode)
    await t.rejects(load(file), { code: 'configuration', detail: /others may read or write .*chmod 600/ })
  }
  t.ok((await readFile(file)).length === 32)
})

t.test('waits as long as it should when the clock is changed', async t => {
  let count = 0
  const { posted, url } = await startSystem(t, response => void response.writeHead(++count < 3 ? 503 : 204).end())
  const { ledger, jump } = await openScene(t, url)
  await accept(ledger, 'a')
  await until(() => posted.length > 0)
  // Back by a year, and ahead: neither holds the document up, nor is its lifetime over.
  jump(-365 * 24 * 3_600_000)
  await until(() => posted.length > 1)
  jump(730 * 24 * 3_600_000)
  await until(() => posted.length > 2)
  t.same(await lettersOf(ledger), [])
})

/** `openssl s_server` does what Node's does not: a line that begins with K renews the key. */
async function startOpenssl(t: Test) {
  const files = ['-cert', 'receiver.crt', '-key', 'receiver.key']
  const server = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', '-tls1_3', ...files], { cwd: certs })
  t.teardown(() => server.kill('SIGKILL'))
  let output = ''
  server.stdout.on('data', chunk => {
    output += chunk
  })
  await until(() => /ACCEPT .*:\d+\n/.test(output))
  const [, port] = output.match(/ACCEPT .*:(\d+)/)!
  server.stdin.on('error', () => {})
  const renewKey = async () => {
    if (!server.stdin.write('K\n')) await once(server.stdin, 'drain')
    await pause(2)
  }
  return { url: new URL(`https://127.0.0.1:${port}/`), renewKey }
}
