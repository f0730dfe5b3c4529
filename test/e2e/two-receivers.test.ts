// Two receivers with one ledger on PostgreSQL: either accepts, both show one log, one hands on, and
// the commands find the ledger by either data folder.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect } from 'node:tls'
import { cleanEnvironment } from '@seg/core/testing'
import { until } from '@seg/core/testing/until'
import t from 'tap'
import { MISSING, PostgresServer } from '../../packages/ledger/src/testing/postgres-server.ts'
import { makePartner, openClient, senderId, signLetter } from '../support/client.ts'
import { root, runCommand, startReceiver } from '../support/commands.ts'
import { documentHead, readAnswers } from '../support/raw-http.ts'

const server = (await PostgresServer.start(t))!
if (server === undefined) {
  t.plan(0, `SKIPPED: ${MISSING}`)
  process.exit()
}

const main = join(root, 'packages/receiver/src/main.ts')
const folder = await mkdtemp(join(tmpdir(), 'seg-two-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const certs = join(folder, 'certs')
const partner = await makePartner(certs)
const [one, two] = ['one', 'two'].map(name => join(folder, name)) as [string, string]
const ledger = await server.makeDatabase()
const start = (data: string) =>
  startReceiver(t, [
    '--certs',
    certs,
    '--data',
    data,
    '--ledger',
    ledger,
    '--inbox',
    join(folder, 'inbox'),
    '--admin-port',
    'off',
    // One of them with connection processes.
    '--processes',
    data === one ? '2' : '1',
  ])
const json = async (...args: string[]) => {
  const { exitCode, stdout, stderr } = await runCommand('receiver', [...args, '--json'])
  return { exitCode, stderr, ...(exitCode === 0 && { result: JSON.parse(String(stdout)) }) }
}

t.test('either accepts, and both have one log', async t => {
  const receivers = await Promise.all([start(one), start(two)])
  const clients = receivers.map(({ url }) => openClient(url, partner))
  t.teardown(() => {
    for (const client of clients) client.close()
  })
  const receipts: Buffer[] = []
  for (let i = 0; i < 20; i++) {
    const letter = await signLetter(`doc-${i}`, 'x'.repeat(i === 7 ? 400_000 : 2000), partner)
    const [first, again] = [await clients[i % 2]!.post(letter), await clients[(i + 1) % 2]!.post(letter)]
    t.same([first.status, again.status], [201, 200])
    t.ok(first.body.equals(again.body), 'the other receiver answers with the same receipt')
    receipts.push(first.body)
  }
  const other = await signLetter('doc-3', 'other', partner)
  t.match(await clients[0]!.post(other), { status: 409 })
  t.same(await clients[1]!.receipt('doc-5').then(({ body }) => body), receipts[5])
  t.same((await clients[0]!.get('/v1/log/checkpoint')).body, (await clients[1]!.get('/v1/log/checkpoint')).body)

  const { certificatePem: cert, keyPem: key } = partner.identity
  const tls = { ca: partner.trust.caPem, cert, key, servername: 'localhost' }
  const socket = connect({ host: '127.0.0.1', port: Number(receivers[0].url.port), ...tls })
  socket.write(documentHead(`Content-Length: ${64 * 1024 ** 2 + 1}`))
  t.same(readAnswers(await text(socket)), ['413 document-too-large'], 'nothing of its body is needed')
  const refusals = () => json('facts', 'list', '--kind', 'refusal', '--data', one)
  await until(
    async () => JSON.stringify((await refusals()).result),
    found => found?.includes('expected at most 67108864 bytes, found a Content-Length of 67108865') === true,
  )

  for (const data of [one, two]) {
    t.match(await json('log', 'verify', '--certs', certs, '--data', data), { result: { ok: true, documents: 20 } })
    const { result } = await json('documents', 'list', '--data', data)
    t.equal(result.documents.length, 20)
  }
  t.match(await json('documents', 'show', 'doc-7', '--data', two), { result: { sender: senderId, bytes: Number } })
  t.match(await json('backup', join(folder, 'backups'), '--certs', certs, '--data', one), { exitCode: 5 })

  const mirror = join(folder, 'mirror')
  const { size } = (await json('log', 'mirror', mirror, '--once', '--certs', certs, '--data', one)).result
  t.ok(size > 20)
  const following = spawn(process.execPath, [main, 'log', 'mirror', mirror, '--certs', certs, '--data', two], {
    env: cleanEnvironment({}),
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.teardown(() => following.kill('SIGKILL'))
  const ended = once(following, 'exit')
  await once(following.stdout.setEncoding('utf8'), 'data')

  await receivers[0].kill()
  const last = await clients[1]!.post(await signLetter('doc-20', 'after', partner))
  t.equal(last.status, 201, 'the other continues')
  await until(async () => {
    const { body } = await clients[1]!.get('/v1/log/checkpoint')
    return body.equals(await readFile(join(mirror, 'checkpoint')))
  })
  following.kill('SIGTERM')
  t.same(await ended, [0, null], 'a mirror follows the log, by whichever receiver it began with')
  const handedOn = async () =>
    (await readdir(join(folder, 'inbox'), { recursive: true })).filter(name => /doc-\d+/.test(name))
  // And hands on.
  await until(handedOn, names => names.some(name => name.includes('doc-20')))
  t.match(await json('audit', 'verify', '--data', one), { exitCode: 5 })
  t.equal(await receivers[1].stop(), 0)
})
