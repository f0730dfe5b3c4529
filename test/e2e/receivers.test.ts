// A sender's receivers: documents go where their ReceiverID is registered, each receiver is held to
// its own CAs, and a running daemon follows all of it.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '@seg/core/testing/until'
import t from 'tap'
import { changeRecord } from '../../packages/core/src/index.ts'
import { generate } from '../../packages/pki/src/index.ts'
import { openGateway } from '../../packages/receiver/src/testing/gateway.ts'
import { startDaemon } from '../../packages/sender/src/testing/run-sender.ts'
import { issue, openIssuer } from '../support/certificates.ts'
import { runCommand } from '../support/commands.ts'

t.setTimeout(600_000)

const folder = await mkdtemp(join(tmpdir(), 'seg-receivers-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const [certs, config] = [join(folder, 'sender'), join(folder, 'seg.yaml')]
const senderId = 'MINISTRY 1_SEG01'
const [two, three] = ['MINISTRY 2_SEG01', 'MINISTRY 3_SEG01'] as const

const documentFor = (receiver: string, id: string) =>
  `<CriticalDocument id="${id}"><SenderID>${senderId}</SenderID>` +
  `<ReceiverID>${receiver}</ReceiverID><TimestampForSignature/><Payload/></CriticalDocument>`

async function write(receiver: string, id: string): Promise<string> {
  const path = join(folder, `${id}.xml`)
  await writeFile(path, documentFor(receiver, id))
  return path
}

const run = async (...args: string[]) => {
  const { exitCode, stdout } = await runCommand('sender', [...args, '--config', config, '--json'])
  return { exitCode, ...JSON.parse(stdout.toString() || '{}') }
}
const data = ['--certs', certs, '--data', join(folder, 'data'), '--timeout', '5']

// Two organisations, a CA each; our sender has a certificate of the first.
const keys = { key: 'ec-p256', senderId, hosts: ['localhost', '127.0.0.1'] } as const
await generate({ out: certs, ...keys, receiverId: two })
const other = join(folder, 'three')
await generate({ out: other, ...keys, receiverId: three })
const atTwo = await openGateway(t, certs)
const atThree = await openGateway(t, other)
await writeFile(config, `# ours\ndata: ${join(folder, 'data')}\n`)
const logs = [certs, other].map(one => readFile(join(one, 'log.pub'), 'utf8'))
await writeFile(join(certs, 'log.pub'), (await Promise.all(logs)).join(''))

t.test('documents go where their ReceiverID is registered, and a stranger gets none', async t => {
  const unregistered = await run('send', await write(two, 'a'), '--no-wait', ...data)
  t.match(unregistered, { exitCode: 4 }, 'without receivers: to https://localhost:8443')
  const listed = await run('outbox', 'show', 'a', '--data', join(folder, 'data'))
  t.match(listed, { receiver: 'https://localhost:8443' })

  t.match(await run('receivers', 'add', two), { exitCode: 2, detail: /--url/ })
  t.match(await run('receivers', 'add', two, '--url', atTwo.url, '--name', 'Two'), { exitCode: 0 })
  t.match(await run('receivers', 'list'), {
    receivers: [{ id: two, url: atTwo.url, trust: 'ca.crt', state: 'active' }],
  })
  t.match(await run('send', await write(two, 'b'), ...data), { exitCode: 0, receiverId: two })
  t.match(await run('send', await write(three, 'c'), ...data), {
    exitCode: 5,
    code: 'receiver-unknown',
    detail: /found ReceiverID "MINISTRY 3_SEG01"; .*receivers add/,
  })
  t.match(await readFile(config, 'utf8'), /^# ours\n/)
})

t.test('a receiver with CAs of its own is held to these, and to no others', async t => {
  const url = atThree.url
  t.match(await run('receivers', 'add', three, '--url', url), { exitCode: 0 })
  const refused = await run('send', await write(three, 'd'), ...data)
  t.match(refused, { exitCode: 5, code: 'certificate-invalid' }, 'ca.crt does not speak for it')
  t.match(await run('receivers', 'trust', three, '--anchors', join(folder, 'none.crt')), { exitCode: 5 })
  t.match(await run('receivers', 'trust', three, '--anchors', join(other, 'ca.crt')), { exitCode: 0 })
  // The receiver does not know our CA: its answer shows that we got through to it.
  const sent = await run('send', await write(three, 'e'), ...data)
  t.match(sent, { exitCode: 4, detail: /closed without an answer/ })
  const exported = join(folder, 'exported.yaml')
  await writeFile(exported, (await runCommand('sender', ['receivers', 'export', '--config', config])).stdout)
  t.match(await run('receivers', 'remove', three), { exitCode: 0 })
  t.match(await run('receivers', 'import', exported), { exitCode: 0, receivers: 2 })
  t.match(await run('receivers', 'show', three), { id: three, trust: { anchors: 'three/ca.crt' } })
})

t.test('a running daemon takes a new certificate, list and receiver, and keeps the old for broken ones', async t => {
  const place = join(folder, 'daemon')
  await writeFile(config, `receivers: [{ id: ${two}, url: "${atTwo.url}" }]\n`)
  const daemon = await startDaemon(t, folder, ['--certs', certs, '--data', place, '--config', config])
  const drop = async (receiver: string, id: string) =>
    writeFile(join(place, 'outgoing', `${id}.xml`), documentFor(receiver, id))
  const arrive = (id: string) => until(async () => (await readdir(join(place, 'sent'))).includes(`${id}.xml`))
  await drop(two, 'g')
  await arrive('g')
  const certificateOf = async (id: string) => (await atTwo.gate.ledger.chain(senderId, id))?.[0]

  const renewed = issue({ name: senderId }, await openIssuer(certs))
  await writeFile(join(certs, 'sender.key'), renewed.keyPem, { mode: 0o600 })
  await writeFile(join(certs, 'sender.crt'), renewed.certificatePem)
  // It looks by itself, every two seconds.
  let sent = 0
  await until(async () => {
    const id = `h${sent++}`
    await drop(two, id)
    await arrive(id)
    return (await certificateOf(id))?.equals(renewed.certificate.raw)
  })

  await writeFile(join(certs, 'sender.crt'), 'no certificate')
  daemon.child.kill('SIGHUP')
  await pause(1_000)
  await drop(two, 'i')
  // The former stays in use.
  await arrive('i')
  await writeFile(join(certs, 'sender.crt'), renewed.certificatePem)

  const set = async (state: string) => {
    const record = { id: two, url: atTwo.url, state }
    await writeFile(config, changeRecord(await readFile(config, 'utf8'), { list: ['receivers'], id: two, record }))
    daemon.child.kill('SIGHUP')
  }
  await set('suspended')
  let held = 0
  await until(async () => {
    const id = `j${++held}`
    await drop(two, id)
    const show = () => run('outbox', 'show', id, '--data', place)
    const { state, reason } = await until(show, found => found.state === 'delivered' || found.reason !== undefined)
    return state === 'queued' && reason.code === 'receiver-suspended'
  })
  t.notOk((await readdir(join(place, 'sent'))).includes(`j${held}.xml`))
  await set('active')
  await arrive(`j${held}`)
  t.equal(await daemon.stop(), 0)
})
