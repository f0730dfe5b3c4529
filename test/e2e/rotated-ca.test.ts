// A CA is rotated while documents flow: the new one beside the old, certificates of both ends, the
// seal and the key of the log under it, then the old one out. No good request fails, and nothing of
// the old CA is admitted once it is out.
import { appendFile, cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Identity } from '@seg/pki'
import t from 'tap'
import { openCheckpoint, parseVerifierKey } from '../../packages/ledger/src/index.ts'
import { issueCertificate } from '../../packages/pki/src/issuing/issue.ts'
import { askForRotation, prepareLogKey } from '../../packages/receiver/src/commands/rotate-log-key.ts'
import { followCredentials } from '../../packages/receiver/src/credentials/follow-credentials.ts'
import { followLogKey } from '../../packages/receiver/src/credentials/follow-log-key.ts'
import { openLoggerInto } from '../../packages/receiver/src/logger.ts'
import { call } from '../../packages/receiver/src/testing/client.ts'
import {
  makeCerts,
  makeDocument,
  makeFolder,
  openGateway,
  receiverId,
} from '../../packages/receiver/src/testing/gateway.ts'
import { followSender } from '../../packages/sender/src/credentials/follow-sender.ts'
import { openGateway as openSender } from '../../packages/sender/src/delivery/open-gateway.ts'
import { sendTemplate } from '../../packages/sender/src/delivery/send.ts'
import { systemClock } from '../../packages/sender/src/delivery/system-clock.ts'
import { makeDocument as makeTemplate, openTemplate } from '../../packages/sender/src/testing/gateways.ts'
import { issue, makeIssuer } from '../support/certificates.ts'

t.setTimeout(600_000)

const DAY = 86_400_000

async function put(folder: string, name: string, { certificatePem, keyPem }: Identity): Promise<void> {
  await writeFile(join(folder, `${name}.key`), keyPem, { mode: 0o600 })
  await writeFile(join(folder, `${name}.crt`), certificatePem)
}

t.test('a CA, both ends, the seal and the key of the log are rotated under load', async t => {
  const certs = await makeCerts(t)
  const gateway = await openGateway(t, certs)
  const lines: string[] = []
  const logger = openLoggerInto({ write: (line: string) => lines.push(JSON.parse(line).msg) })
  const following = followCredentials(
    { certs, data: gateway.data, config: join(gateway.data, 'no.yaml') },
    gateway.gate,
    logger,
  )
  t.teardown(() => following.close())
  const logKey = followLogKey(certs, gateway.gate, logger)
  t.teardown(() => logKey.close())
  await writeFile(join(gateway.data, 'no.yaml'), '')
  await following.look()

  // The sender, with a folder of its own, follows it as a daemon does.
  const ours = join(await makeFolder(t), 'certs')
  await cp(certs, ours, { recursive: true })
  const notes: string[] = []
  const note = (line: string) => void notes.push(line)
  await using sender = await openSender(
    { certs: ours, data: await makeFolder(t), lifetime: 1, config: join(gateway.data, 'no.yaml') },
    { note, clock: systemClock },
  )
  const live = {
    get current() {
      return { ...sender }
    },
    replace: sender.replace,
  }
  const senders = followSender({ certs: ours, config: join(gateway.data, 'no.yaml') }, live, {
    now: () => new Date(),
    note,
  })
  t.teardown(() => senders.close())

  const ca = makeIssuer('Next CA')
  const [notBefore, notAfter] = [new Date(Date.now() - DAY), new Date(Date.now() + DAY)]
  const next = issueCertificate(
    { profile: 'ca', name: ca.name, keys: ca.keys, hosts: [], notBefore, notAfter },
    ca,
  ).toString()
  const old = await readFile(join(certs, 'ca.crt'), 'utf8')
  const [before, after] = [gateway.sender, issue({}, ca)]
  const servers = `${old}${next}`

  const counts = { good: 0, failed: 0, delivered: 0, undelivered: 0, oldAdmitted: 0, oldRefused: 0, wrong: 0 }
  const failures: string[] = []
  let isOver = false
  let current = before
  const using = new Map<number, Identity>()
  const lane = async (number: number) => {
    for (let i = 0; !isOver; i++) {
      const signer = current
      using.set(number, signer)
      const body = await makeDocument(gateway, { id: `lane-${number}-${i}`, signer })
      const headers = { 'content-type': 'application/xml', 'content-length': String(body.length) }
      const tls = { cert: signer.certificatePem, key: signer.keyPem, ca: servers }
      const answer = await call(gateway, { method: 'POST', path: '/v1/documents', headers, body, tls }).catch(String)
      if (typeof answer !== 'string' && answer.status === 201) counts.good++
      else {
        counts.failed++
        failures.push(typeof answer === 'string' ? answer : answer.body.toString())
      }
    }
  }
  const daemon = async () => {
    for (let i = 0; !isOver; i++) {
      const template = await openTemplate(t, makeTemplate({ id: `sent-${i}` }))
      const patience = { timeout: 10_000, onWait() {} }
      const outcome = await sendTemplate(template, new URL(gateway.url), { ...sender, patience }).catch(String)
      counts[typeof outcome === 'string' ? 'undelivered' : 'delivered']++
      if (typeof outcome === 'string') failures.push(outcome)
    }
  }
  /** Undefined while it changes: either answer is right. */
  let mayOld: boolean | undefined = true
  const watch = async () => {
    while (!isOver) {
      const expected = mayOld
      const tls = { cert: before.certificatePem, key: before.keyPem, ca: servers }
      const isIn = await call(gateway, { path: '/v1/log/checkpoint', tls }).then(
        ({ status }) => status === 200 || status === 404,
        () => false,
      )
      if (expected === undefined || expected !== mayOld) continue
      counts[isIn ? 'oldAdmitted' : 'oldRefused']++
      if (isIn !== expected) counts.wrong++
    }
  }
  const load = [lane(0), lane(1), daemon(), watch()]
  const some = async () => {
    const { good, delivered } = counts
    while (counts.good < good + 4 || counts.delivered < delivered + 2) await pause(5)
  }
  await some()
  // The new CA beside the old one, at both ends.
  for (const folder of [certs, ours]) await writeFile(join(folder, 'ca.crt'), servers)
  await Promise.all([following.look(), senders.look()])
  await some()
  await put(certs, 'receiver', issue({ profile: 'receiver', name: receiverId }, ca))
  await put(certs, 'seal', issue({ profile: 'seal', name: receiverId }, ca))
  await following.look()
  await some()
  // Partners get the line of the next key before it signs.
  const verifierKey = await prepareLogKey(certs, { id: receiverId })
  await appendFile(join(ours, 'log.pub'), `${verifierKey}\n`)
  await senders.look()
  const begin = performance.now()
  const rotated = await askForRotation(certs, gateway.data, { id: receiverId })
  t.comment(`the key of the log was replaced within ${Math.round(performance.now() - begin)} ms`)
  t.equal(rotated.verifierKey, verifierKey)
  await some()
  t.equal(
    openCheckpoint(String(await gateway.gate.ledger.log.checkpoint()), parseVerifierKey(verifierKey)).size > 0,
    true,
  )
  await put(ours, 'sender', after)
  await senders.look()
  current = after
  await some()
  // What was begun under the old CA has ended.
  while ([...using.values()].includes(before)) await pause(5)
  mayOld = undefined
  for (const folder of [certs, ours]) {
    // First the list of the old CA, which none of the others signed.
    await rm(join(folder, 'ca.crl'))
    await writeFile(join(folder, 'ca.crt'), next)
  }
  await Promise.all([following.look(), senders.look()])
  mayOld = false
  t.match(lines.at(-1), /^in use from now on: ca\.crt, /)
  const refused = counts.oldRefused
  await some()
  while (counts.oldRefused < refused + 3) await pause(5)
  isOver = true
  await Promise.all(load)

  t.comment(JSON.stringify(counts))
  t.same(failures, [])
  t.match(counts, { failed: 0, undelivered: 0, wrong: 0 })
  t.ok(counts.good >= 20 && counts.delivered >= 10 && counts.oldAdmitted > 0 && counts.oldRefused >= 3)
  t.ok(sender.identity.certificate.raw.equals(after.certificate.raw), 'the sender has its new certificate')
  const seal = gateway.gate.credentials.current.seal.certificate
  t.equal(seal.issuer, `CN=${ca.name}`)
  t.equal(lines.filter(line => line.startsWith('what changed is not taken')).length, 0)
})
