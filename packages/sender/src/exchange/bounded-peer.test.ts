// A receiver that answers with more than an answer: what it may send beside one is bounded, and
// whatever it writes in place of one is a reason to try again.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Handler, startServer } from '../testing/foreign-receiver.ts'
import { makeCerts, makeFolder, openSender } from '../testing/gateways.ts'
import { openConnection } from './connection.ts'
import { readConnectionFailure } from './connection-fault.ts'

const certs = await makeCerts(t)
await using sender = await openSender(certs, await makeFolder(t))
const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'

/** The status, or why there is none. Rejects with what is no failure of a connection. */
async function ask(receiver: URL, patience = 10_000): Promise<number | string> {
  const { identity, trust } = sender
  await using connection = openConnection({ receiver, identity, trust, admitServer() {} })
  const signal = AbortSignal.timeout(patience)
  const answer = await connection
    .request({ method: 'GET', path: '/', headers: {}, signal })
    .catch(readConnectionFailure)
  return typeof answer === 'string' ? answer : answer.status
}

t.test('a receiver that renews its key over and over is left', { skip: noOpenssl }, async t => {
  const { url, write } = await startOpenssl(t, [])
  const answer = ask(url)
  // Some reads of s_server take several of these: they count as one.
  for (let i = 1; i <= 16; i++) await write('K\n')
  await writeUntil(answer, () => write('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'))
  t.equal(await answer, 404, "a few renewals are anybody's right")

  const flood = await startOpenssl(t, [])
  const left = ask(flood.url)
  await writeUntil(left, () => flood.write('K\n'))
  t.match(await left, /renewed the key of the connection more than 32 times/)
})

t.test('a receiver that offers sessions over and over is left', { skip: noOpenssl }, async t => {
  const { url } = await startOpenssl(t, ['-num_tickets', '200'])
  t.match(await ask(url), /offered to resume the connection more than 32 times/)
})

t.test('a receiver may send interim responses, and not without end', async t => {
  const early = (times: number): Handler => {
    return (_request, response) => {
      for (let i = 0; i < times; i++) response.writeEarlyHints({ link: '</>; rel=preload' })
      response.writeHead(404).end()
    }
  }
  t.equal(await ask((await startServer(t, certs, early(32))).url), 404)
  t.match(await ask((await startServer(t, certs, early(33))).url), /sent interim responses more than 32 times/)
})

const head = 'HTTP/1.1 201 Created\r\n'

/** Written in place of an answer: whole, or piece by piece until the connection ends. */
const answers: Record<string, string | { readonly first: string; readonly again: string }> = {
  'no HTTP': '220 mail.example ESMTP\r\n',
  octets: '\0\0\0\0',
  'a status of two digits': 'HTTP/1.1 20 OK\r\n\r\n',
  'a switch of protocols': 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n',
  'a continuation that nobody asked for': 'HTTP/1.1 100 Continue\r\n\r\n',
  'two lengths': `${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345`,
  'a length and chunks': `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'a negative length': `${head}Content-Length: -1\r\n\r\n`,
  'a chunk of no number': `${head}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`,
  'a field of NUL': `${head}X: \0\r\n\r\n`,
  'a folded field': `${head}X: a\r\n b\r\n\r\n`,
  'less than its length': `${head}Content-Length: 500\r\nConnection: close\r\n\r\n12345`,
  'fields without end': { first: head, again: `X: ${'a'.repeat(1000)}\r\n` },
  'a field without end': { first: `${head}X: `, again: 'a'.repeat(1000) },
  'short fields without end': { first: head, again: 'a:\r\n'.repeat(200) },
  'trailers without end': { first: `${head}Transfer-Encoding: chunked\r\n\r\n0\r\n`, again: 'A: b\r\n'.repeat(200) },
  'a status without end': { first: 'HTTP/1.1 201 ', again: 'a'.repeat(1000) },
  'a chunk extension without end': { first: `${head}Transfer-Encoding: chunked\r\n\r\n1;`, again: 'a'.repeat(1000) },
  'one octet after the other': { first: head, again: 'a' },
}

for (const [title, answer] of Object.entries(answers)) {
  t.test(`takes ${title} for a reason to try again`, async t => {
    const receiver = await startServer(t, certs, ({ socket }) => void write(socket, answer))
    t.type(await ask(receiver.url, 1000), 'string')
  })
}

async function write(socket: Socket, answer: (typeof answers)[string]): Promise<void> {
  if (typeof answer === 'string') return void socket.end(answer)
  socket.write(answer.first)
  for (let isOpen = true; isOpen; await pause(1)) {
    socket.write(answer.again)
    isOpen = !socket.destroyed
  }
}

async function writeUntil(end: Promise<unknown>, write: () => Promise<void>): Promise<void> {
  const ended = end.then(() => true as const)
  while ((await Promise.race([ended, pause(2)])) !== true) await write()
}

/**
 * A receiver that is `openssl s_server`, which does what Node's server does not: a line that begins
 * with K renews the key, other lines are sent.
 */
async function startOpenssl(t: Test, args: readonly string[]) {
  const files = ['-cert', 'receiver.crt', '-key', 'receiver.key']
  const server = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', '-tls1_3', ...files, ...args], { cwd: certs })
  server.stdin.on('error', () => {})
  let said = ''
  for (const stream of [server.stdout, server.stderr]) stream.on('data', chunk => (said += chunk))
  const ended = once(server, 'close')
  t.teardown(async () => {
    server.kill()
    await ended
  })
  const seen = async (what: RegExp): Promise<string> => {
    for (; server.exitCode === null; await pause(5)) {
      const found = what.exec(said)
      if (found !== null) return found[1]!
    }
    throw new Error(`s_server ended: ${said}`)
  }
  const port = await seen(/ACCEPT .*:(\d+)\n/)
  return {
    url: new URL(`https://localhost:${port}`),
    /** Once there is a request. */
    async write(line: string): Promise<void> {
      await seen(/(GET) /)
      server.stdin.write(line)
      await pause(1)
    },
  }
}
