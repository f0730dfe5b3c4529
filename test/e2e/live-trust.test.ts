// What a receiver decides and signs with is replaced while it runs: by files, as an operator does
// it.
import { spawnSync } from 'node:child_process'
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { changeRecord, type Looks } from '@seg/core'
import type { Identity } from '@seg/pki'
import t, { type Test } from 'tap'
import { revoke } from '../../packages/pki/src/revocation/revoke.ts'
import { followCredentials } from '../../packages/receiver/src/credentials/follow-credentials.ts'
import { openLoggerInto } from '../../packages/receiver/src/logger.ts'
import { call, connectRaw, post, refusalOf } from '../../packages/receiver/src/testing/client.ts'
import {
  makeCerts,
  makeDocument,
  openGateway,
  senderId,
  type TestGateway,
} from '../../packages/receiver/src/testing/gateway.ts'
import { issue, openIssuer } from '../support/certificates.ts'

type Live = {
  readonly gateway: TestGateway
  readonly following: Looks
  readonly lines: string[]
  readonly config: string
}

async function openLive(t: Test): Promise<Live> {
  const certs = await makeCerts(t)
  const gateway = await openGateway(t, certs)
  const config = join(gateway.data, 'seg.yaml')
  await writeFile(config, '# ours\n')
  const lines: string[] = []
  const logger = openLoggerInto({ write: (line: string) => lines.push(JSON.parse(line).msg) })
  const following = followCredentials({ certs, data: gateway.data, config }, gateway.gate, logger)
  t.teardown(() => following.close())
  await following.look()
  return { gateway, following, lines, config }
}

async function put({ certs }: TestGateway, name: string, { certificatePem, keyPem }: Identity): Promise<void> {
  await writeFile(join(certs, `${name}.key`), keyPem, { mode: 0o600 })
  await writeFile(join(certs, `${name}.crt`), certificatePem)
}

async function serverOf(t: Test, gateway: TestGateway): Promise<string> {
  const { socket } = await connectRaw(t, gateway)
  const found = socket.getPeerX509Certificate()!.fingerprint256
  socket.destroy()
  return found
}

const receiver = 'MINISTRY 2_SEG01'

t.test('a renewed receiver certificate is shown without a restart, and open connections live on', async t => {
  const { gateway, following, lines } = await openLive(t)
  const open = await connectRaw(t, gateway)
  const renewed = issue({ profile: 'receiver', name: receiver }, await openIssuer(gateway.certs))
  await put(gateway, 'receiver', renewed)
  await following.look()
  t.equal(await serverOf(t, gateway), renewed.certificate.fingerprint256)
  t.match(lines.at(-1), /^in use from now on: receiver\.crt, /)
  open.socket.write('GET /v1/receipts/none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  await open.closed
  t.match(open.text(), /^HTTP\/1\.1 404 /)
})

t.test('what is broken replaces nothing, is named once, and is taken when it is whole', async t => {
  const { gateway, following, lines } = await openLive(t)
  const before = await serverOf(t, gateway)
  const ca = await openIssuer(gateway.certs)
  const renewed = issue({ profile: 'receiver', name: receiver }, ca)
  const broken: readonly (readonly [string, Identity | string, RegExp])[] = [
    ['receiver', { ...renewed, keyPem: issue({}, ca).keyPem }, /is not the key of receiver\.crt/],
    ['receiver', issue({ profile: 'receiver', name: receiver, from: -3, to: -2 }, ca), /receiver\.crt: .* valid/],
    [
      'receiver',
      issue({ profile: 'sender', name: receiver }, ca),
      /receiver\.crt: .*serverAuth|1\.3\.6\.1\.5\.5\.7\.3\.1/,
    ],
    [
      'receiver',
      issue({ profile: 'receiver', name: 'MINISTRY 9_SEG01' }, ca),
      /receiver\.crt is for "MINISTRY 9_SEG01"/,
    ],
    ['receiver', 'no certificate', /is not PEM/],
  ]
  for (const [name, identity, line] of broken) {
    if (typeof identity === 'string') await writeFile(join(gateway.certs, `${name}.crt`), identity)
    else await put(gateway, name, identity)
    const count = lines.length
    await following.look()
    await following.look()
    t.equal(lines.length, count + 1, 'one line')
    t.match(lines.at(-1), /^what changed is not taken, the former stays in use: /)
    t.match(lines.at(-1), line)
    t.equal(await serverOf(t, gateway), before)
  }
  await put(gateway, 'receiver', renewed)
  await following.look()
  t.equal(await serverOf(t, gateway), renewed.certificate.fingerprint256)
})

t.test('a renewed seal signs the next receipt, and earlier ones are as they were', async t => {
  const { gateway, following } = await openLive(t)
  const first = await makeDocument(gateway, { id: 'first' })
  const { body } = await post(gateway, first)
  const renewed = issue({ profile: 'seal', name: receiver }, await openIssuer(gateway.certs))
  await put(gateway, 'seal', renewed)
  await following.look()
  const second = await post(gateway, await makeDocument(gateway, { id: 'second' }))
  const der = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '')
  t.ok(second.body.toString().replace(/\s/g, '').includes(der(renewed.certificatePem)))
  t.same((await post(gateway, first)).body, body)
})

t.test('a revocation takes hold within a look, on open connections, too, and a list never goes back', async t => {
  const { gateway, following, lines } = await openLive(t)
  const { certs, sender } = gateway
  const idle = await connectRaw(t, gateway)
  const options = { certs, ca: 'ca', reason: 'keyCompromise', days: 7, now: new Date() } as const
  await rm(join(certs, 'ca.crl'), { force: true })
  await revoke(options)
  await following.look()
  t.equal((await call(gateway, { path: '/v1/log/checkpoint' })).status, 200)
  await copyFile(join(certs, 'ca.crl'), join(certs, 'older.crl'))
  await revoke({ ...options, target: sender.certificate })
  await following.look()
  await idle.closed
  t.equal(refusalOf(await call(gateway, { path: '/v1/log/checkpoint' })), '403 certificate-revoked')
  await copyFile(join(certs, 'older.crl'), join(certs, 'ca.crl'))
  await following.look()
  t.match(lines.at(-1), /crl-older/)
  t.equal(refusalOf(await call(gateway, { path: '/v1/log/checkpoint' })), '403 certificate-revoked')
})

t.test('a partner is suspended and resumed by the configuration, and each act is an entry of the log', async t => {
  const { gateway, following, config } = await openLive(t)
  const idle = await connectRaw(t, gateway)
  const set = async (state: string) => {
    const text = await readFile(config, 'utf8')
    await writeFile(config, changeRecord(text, { list: ['partners'], id: senderId, record: { id: senderId, state } }))
    await following.look()
  }
  await set('suspended')
  await idle.closed
  const document = await makeDocument(gateway)
  t.equal(refusalOf(await post(gateway, document)), '403 partner-suspended')
  await set('active')
  t.equal((await post(gateway, document)).status, 201)
  t.match(await readFile(config, 'utf8'), /^# ours\n/, 'comments stay')
  const size = await gateway.gate.ledger.log.size()
  const events = await Promise.all(Array.from({ length: size }, (_, i) => gateway.gate.ledger.event(i)))
  t.match(
    events.filter(event => event?.type === 'admin'),
    [
      { action: 'partner-added', subject: senderId },
      { action: 'partner-suspended', subject: senderId },
      { action: 'partner-resumed', subject: senderId },
    ],
  )
})

t.test(
  'under load, renewals, suspensions and revocations of others cost no good request, and let no bad one in',
  async t => {
    const { gateway, following, config } = await openLive(t)
    const ca = await openIssuer(gateway.certs)
    const other = issue({ name: 'MINISTRY 3_SEG01' }, ca)
    const as = { cert: other.certificatePem, key: other.keyPem }
    const counts = { good: 0, failed: 0, admitted: 0, refused: 0, wrong: 0 }
    let isOver = false
    let mayOther: boolean | undefined = true
    const good = async (lane: number) => {
      for (let i = 0; !isOver; i++) {
        const document = await makeDocument(gateway, { id: `good-${lane}-${i}` })
        const { status } = await post(gateway, document)
        counts[status === 201 ? 'good' : 'failed']++
      }
    }
    const watched = async () => {
      while (!isOver) {
        const before = mayOther
        const { status } = await call(gateway, { path: '/v1/log/checkpoint', tls: as })
        // While it changes, either answer is right.
        if (before === undefined || before !== mayOther) continue
        counts[status === 200 ? 'admitted' : 'refused']++
        if ((status === 200) !== before) counts.wrong++
      }
    }
    const load = [good(0), good(1), good(2), watched()]
    for (let round = 0; round < 3; round++) {
      await put(gateway, 'receiver', issue({ profile: 'receiver', name: receiver }, ca))
      await put(gateway, 'seal', issue({ profile: 'seal', name: receiver }, ca))
      await following.look()
      for (const state of ['suspended', 'active'] as const) {
        mayOther = undefined
        await writeFile(config, changeRecord('', { list: ['partners'], id: other.id, record: { id: other.id, state } }))
        await following.look()
        mayOther = state === 'active'
        const seen = counts.admitted + counts.refused
        while (counts.admitted + counts.refused < seen + 2) await new Promise(done => setTimeout(done, 5))
      }
    }
    mayOther = undefined
    const options = { certs: gateway.certs, ca: 'ca', reason: 'keyCompromise', days: 7, now: new Date() } as const
    await revoke({ ...options, target: other.certificate })
    await following.look()
    mayOther = false
    const seen = counts.refused
    while (counts.refused < seen + 3) await new Promise(done => setTimeout(done, 5))
    isOver = true
    await Promise.all(load)
    t.comment(JSON.stringify(counts))
    t.match(counts, { failed: 0, wrong: 0 })
    t.ok(counts.good > 0 && counts.admitted > 0 && counts.refused > 0)
  },
)

t.test('a pipe instead of a certificate holds up no look, and the certificate after it is taken', async t => {
  const { gateway, following, lines } = await openLive(t)
  const before = await serverOf(t, gateway)
  const path = join(gateway.certs, 'receiver.crt')
  await rm(path)
  spawnSync('mkfifo', ['-m', '644', path])
  const ended = await Promise.race([following.look().then(() => true), pause(20_000, false, { ref: false })])
  // A read that waits would wait for the end of the test, too.
  if (!ended) spawnSync('sh', ['-c', 'timeout 1 sh -c ": >$0"', path])
  t.ok(ended)
  t.match(lines.at(-1), /receiver\.crt .*found a pipe/)
  t.equal(await serverOf(t, gateway), before)
  await rm(path)
  const renewed = issue({ profile: 'receiver', name: receiver }, await openIssuer(gateway.certs))
  await put(gateway, 'receiver', renewed)
  await following.look()
  t.equal(await serverOf(t, gateway), renewed.certificate.fingerprint256)
})
