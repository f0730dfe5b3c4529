import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DEFAULT_TRUST, generate, loadIdentity, loadTrust, makeOwnPolicy } from '@seg/pki'
import t, { type Test } from 'tap'
import { openLoggerInto } from './logger.ts'
import { consoleCertificateOf, openExpiryLook } from './own-certificates.ts'
import { post } from './testing/client.ts'
import { makeDefaultDocuments, makeDocument, makeFolder, openGateway, receiverId, senderId } from './testing/gateway.ts'

const DAY = 86_400_000

/** Certificates of a CA; the seal's are good for `days`, the others for a year more. */
async function makeCertsWithSeal(t: Test, days: number): Promise<string> {
  const [certs, short] = [await makeFolder(t), await makeFolder(t)]
  const options = { key: 'ec-p256', senderId, receiverId, hosts: ['localhost', '127.0.0.1', '::1'] } as const
  await generate({ out: certs, ...options, days: days + 365 })
  await generate({ out: short, ...options, days })
  for (const name of ['seal.crt', 'seal.key']) await writeFile(join(certs, name), await readFile(join(short, name)))
  const both = await Promise.all([certs, short].map(folder => readFile(join(folder, 'ca.crt'), 'utf8')))
  await writeFile(join(certs, 'ca.crt'), both.join(''))
  return certs
}

t.test(
  'nothing is accepted from the moment at which the seal expires, and what was accepted keeps its receipt',
  async t => {
    const gateway = await openGateway(t, await makeCertsWithSeal(t, 10))
    const end = gateway.gate.credentials.current.seal.certificate.validToDate.getTime()
    const at = async (time: number, id: string) => {
      gateway.setTime(new Date(time))
      const document = await makeDocument(gateway, { id, now: new Date(time) })
      return { document, answer: await post(gateway, document) }
    }
    const last = await at(end, 'last')
    t.equal(last.answer.status, 201, 'its last second counts')
    const late = await at(end + 1000, 'late')
    t.equal(late.answer.status, 503)
    t.match(JSON.parse(late.answer.body.toString()), { code: 'seal-unavailable', detail: /try again later/ })
    t.match(
      gateway.log.find(({ code }) => code === 'seal-unavailable'),
      { level: 50, msg: /seal\.crt: .*is valid from/ },
    )
    t.equal(await gateway.gate.ledger.find(senderId, 'late'), undefined)
    t.equal((await post(gateway, last.document)).status, 200, 'a replay needs no seal')
  },
)

async function openLook(t: Test, days: number, adminPort: 'auto' | 'off' = 'off') {
  const certs = await makeCertsWithSeal(t, days)
  const [identity, seal, trust] = await Promise.all([
    loadIdentity(certs, 'receiver'),
    loadIdentity(certs, 'seal'),
    loadTrust(certs),
  ])
  const lines: { level: number; msg: string }[] = []
  const logger = openLoggerInto({ write: (line: string) => lines.push(JSON.parse(line)) })
  const [policy, documents] = [makeOwnPolicy(trust), await makeDefaultDocuments()]
  const current = { identity, seal, trust, policy, documents, responder: undefined, record: DEFAULT_TRUST, file: '' }
  const look = openExpiryLook({ current }, consoleCertificateOf(certs, adminPort), logger)
  const end = seal.certificate.validToDate.getTime()
  /** What is logged at a time before the seal's end. */
  const before = (time: number) => {
    look(new Date(end - time))
    return lines.splice(0).map(({ level, msg }) => `${level} ${msg}`)
  }
  return { before, certs }
}

t.test('the log warns 60, 30, 14, 7 and 1 days before a certificate ends, once each, and when it is over', async t => {
  const { before } = await openLook(t, 100)
  t.same(before(61 * DAY), [])
  for (const days of [60, 30, 14, 7, 1]) {
    t.match(before(days * DAY), [
      new RegExp(`^40 seal\\.crt \\("CN=MINISTRY 2_SEG01"\\) expires at .*, in ${days} days?:`),
    ])
    t.same(before(days * DAY - 3_600_000), [], 'an hour later')
  }
  t.match(before(-1), [/^50 seal\.crt .* expired at/])
  t.same(before(-3_600_000), [])
})

t.test('after a start late or a clock that jumped, the log has the one warning that is due', async t => {
  const { before } = await openLook(t, 100)
  t.match(before(10 * DAY), [/in 10 days/])
  t.same(before(80 * DAY), [], 'the clock went back')
  t.match(before(13 * DAY), [/in 13 days/], 'and comes to it again')
  t.match(before(101 * DAY), { length: 4, 0: /receiver\.crt .* is not valid before/, 1: /seal\.crt/, 2: /ca\.crt/ })
})

t.test('the certificate of the console is judged as it lies in its folder, unless the listener is off', async t => {
  const { before, certs } = await openLook(t, 400, 'auto')
  const short = await makeFolder(t)
  await generate({ out: short, key: 'ec-p256', days: 20 })
  const install = async (from: string, name = 'console.crt') =>
    writeFile(join(certs, name), await readFile(join(from, name)))
  t.same(before(390 * DAY), [])
  await install(short)
  t.match(before(390 * DAY), [/^40 console\.crt \(.*\) expires at .*, in (9|10) days: renew it/])
  t.same(before(390 * DAY - 3_600_000), [], 'once')
  t.match(before(370 * DAY), [/^50 console\.crt .* expired at/])
  await writeFile(join(certs, 'console.crt'), 'not a certificate')
  t.same(before(369 * DAY), [], 'the listener says what is wrong with it')
  await install(short)
  t.equal(consoleCertificateOf(certs, 'off')(), undefined)
})
