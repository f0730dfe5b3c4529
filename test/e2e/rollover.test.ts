// A partner announces its next certificate with the present one: both count during the overlap,
// within seconds, and nothing else is ever taken by an announcement.
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '@seg/core/testing/until'
import type { Identity } from '@seg/pki'
import t, { type Test } from 'tap'
import { openListener } from '../../packages/operators/src/testing/listener.ts'
import { revoke } from '../../packages/pki/src/revocation/revoke.ts'
import { openPartnerFile } from '../../packages/receiver/src/console/partner-file.ts'
import { followCredentials } from '../../packages/receiver/src/credentials/follow-credentials.ts'
import { openLoggerInto } from '../../packages/receiver/src/logger.ts'
import { keepReceived, listReceived } from '../../packages/receiver/src/rollover/announcements.ts'
import { call, refusalOf } from '../../packages/receiver/src/testing/client.ts'
import {
  makeCerts,
  makeDocument,
  makeFolder,
  openGateway,
  receiverId,
  senderId,
  type TestGateway,
} from '../../packages/receiver/src/testing/gateway.ts'
import { type Announcement, writeAnnouncement } from '../../packages/xmldsig/src/index.ts'
import { issue, makeIssuer, openIssuer, type Wish } from '../support/certificates.ts'
import { runCommand } from '../support/commands.ts'

t.setTimeout(600_000)

const DAY = 86_400_000
const certs = await makeCerts(t)
const ca = await openIssuer(certs)
const other = issue({ name: 'OTHER' }, ca)
const pin = (id: string, { certificate }: Identity, more = '') =>
  `  - { id: ${id}, ${more}certificates: [{ for: [tls, sign], ` +
  `authority: gov, sha256: "${certificate.fingerprint256}" }] }\n`

async function openLive(t: Test, more = '', yaml?: string) {
  const gateway = await openGateway(t, certs)
  const config = join(await makeFolder(t), 'seg.yaml')
  const trust =
    `trust: { mode: listed, authorities: { gov: { anchors: "${certs}/ca.crt", ` +
    `revocation: { crl: ["${certs}/ca.crl"] } } } }\n`
  await writeFile(
    config,
    yaml ?? `${trust}# ours\npartners:\n${pin(senderId, gateway.sender, more)}${pin('OTHER', other)}`,
  )
  const lines: string[] = []
  const logger = openLoggerInto({ write: (line: string) => lines.push(JSON.parse(line).msg) })
  const following = followCredentials({ certs, data: gateway.data, config }, gateway.gate, logger)
  t.teardown(() => following.close())
  await following.look()
  return { gateway, config, following, lines, text: () => readFile(config, 'utf8') }
}

type Fields = Parameters<typeof makeDocument>[1]

const tlsOf = ({ certificatePem, keyPem }: Identity) => ({ cert: certificatePem, key: keyPem })
const send = async (gateway: TestGateway, body: Buffer, by = gateway.sender) => {
  const headers = { 'content-type': 'application/xml' }
  return refusalOf(await call(gateway, { method: 'POST', path: '/v1/rollover', headers, body, tls: tlsOf(by) }))
}
const read = async (gateway: TestGateway, by: Identity) =>
  refusalOf(await call(gateway, { path: '/v1/receipts/x', tls: tlsOf(by) }))

function payloadOf({ certificate }: Pick<Identity, 'certificate'>, changed: Partial<Announcement> = {}): string {
  const [from, until] = [Date.now(), Date.now() + 10 * DAY]
  return writeAnnouncement({ uses: ['tls', 'sign'], from, until, certificate, ...changed })
}

const announce = async (gateway: TestGateway, next: Pick<Identity, 'certificate'>, fields: Fields = {}) =>
  send(gateway, await makeDocument(gateway, { payload: payloadOf(next), ...fields }))

const digestOf = ({ certificate }: Identity) => certificate.fingerprint256.replaceAll(':', '').toLowerCase()

const nextOf = (wish: Wish = {}) => issue({ to: 100, ...wish }, ca)

/** The acts in the log, without those of the start. */
async function acts({ gate }: TestGateway): Promise<string[]> {
  const found: string[] = []
  for (let index = 0; index < (await gate.ledger.log.size()); index++) {
    const opening = await gate.ledger.opening(index)
    const { action } = JSON.parse(opening?.facts.toString('utf8') ?? '{}')
    if (action?.startsWith('rollover-')) found.push(action)
  }
  return found
}

t.test('both certificates count once it is announced, the former until the end that was announced', async t => {
  const { gateway, text } = await openLive(t)
  const next = nextOf()
  t.equal(await read(gateway, next), '403 partner-unknown')
  t.match(await announce(gateway, next), /^201/)
  await until(async () => (await read(gateway, next)) === '404 not-found')
  t.equal(await read(gateway, gateway.sender), '404 not-found')
  const signed = await makeDocument(gateway, { id: 'later', signer: next })
  const headers = { 'content-type': 'application/xml' }
  const posted = { method: 'POST', path: '/v1/documents', headers, body: signed, tls: tlsOf(next) }
  t.match(refusalOf(await call(gateway, posted)), /^201/)
  t.match(await text(), /^# ours\n/m)
  t.match(await text(), new RegExp(`until: [^\\n]*Z[\\s\\S]*${next.certificate.fingerprint256}`))
  t.same(await acts(gateway), ['rollover-announced', 'rollover-taken'])

  gateway.setTime(new Date(Date.now() + 11 * DAY))
  t.equal(await read(gateway, gateway.sender), '403 partner-unknown', 'its end has come')
  t.equal(await read(gateway, next), '404 not-found')
  t.equal(gateway.gate.credentials.current.policy.partnerOf.get('OTHER')?.certificates.length, 1)
})

t.test('a replay changes nothing, also when the record is another one by then', async t => {
  const { gateway, following, config, text } = await openLive(t)
  const body = await makeDocument(gateway, { payload: payloadOf(nextOf()) })
  const before = await text()
  t.match(await send(gateway, body), /^201/)
  const after = await text()
  t.match(await send(gateway, body), /^200/)
  t.equal(await text(), after)
  await writeFile(config, before)
  await following.look()
  t.match(await send(gateway, body), /^200/)
  t.equal(await text(), before, 'what an operator took back stays so')
  t.equal(await announce(gateway, nextOf()), '409 document-id-conflict')
  t.same(await acts(gateway), ['rollover-announced', 'rollover-taken'])
})

const wrong: Readonly<
  Record<string, readonly [code: string, body: (gateway: TestGateway) => Promise<Buffer> | Buffer]>
> = {
  'a document of another kind': ['422 rollover-malformed', gateway => makeDocument(gateway)],
  'two announcements': [
    '422 rollover-malformed',
    gateway => makeDocument(gateway, { payload: payloadOf(nextOf()) + payloadOf(nextOf()) }),
  ],
  'octets behind the certificate': [
    '422 rollover-malformed',
    gateway => {
      const { raw } = nextOf().certificate
      const certificate = { ...nextOf().certificate, raw: Buffer.concat([raw, Buffer.of(0)]) }
      return makeDocument(gateway, { payload: payloadOf({ certificate: certificate as never }) })
    },
  ],
  'a use that is none': [
    '422 rollover-malformed',
    gateway => makeDocument(gateway, { payload: payloadOf(nextOf(), { uses: ['sign', 'tls'] }) }),
  ],
  'an end that is over': ['422 rollover-malformed', gateway => times(gateway, { until: Date.now() - 1 })],
  'a begin behind the end': ['422 rollover-malformed', gateway => times(gateway, { from: Date.now() + 11 * DAY })],
  'an overlap of years': ['422 rollover-malformed', gateway => times(gateway, { until: Date.now() + 500 * DAY }, 600)],
  'a certificate that ends before the former': ['422 rollover-malformed', gateway => times(gateway, {}, 5)],
  'the present certificate': [
    '422 rollover-certificate',
    gateway => makeDocument(gateway, { payload: payloadOf(gateway.sender) }),
  ],
  'the certificate of another partner': [
    '422 rollover-certificate',
    gateway => makeDocument(gateway, { payload: payloadOf({ ...other }, { until: Date.now() + DAY / 2 }) }),
  ],
  'a certificate of another authority': [
    '422 rollover-certificate',
    gateway => makeDocument(gateway, { payload: payloadOf(issue({ to: 100 }, makeIssuer('Elsewhere'))) }),
  ],
  'a certificate for servers': [
    '422 rollover-certificate',
    gateway => makeDocument(gateway, { payload: payloadOf(nextOf({ profile: 'receiver' })) }),
  ],
  'a seal': [
    '422 rollover-certificate',
    gateway => makeDocument(gateway, { payload: payloadOf(nextOf({ profile: 'seal' })) }),
  ],
  'a CA': [
    '422 rollover-certificate',
    gateway => makeDocument(gateway, { payload: payloadOf(nextOf({ profile: 'ca' })) }),
  ],
  'no signature': [
    '422 signature-missing',
    async gateway =>
      Buffer.from(
        (await makeDocument(gateway, { payload: payloadOf(nextOf()) }))
          .toString()
          .replace(/<Signature.*<\/Signature>/s, ''),
      ),
  ],
  'the signature of the next certificate': [
    '422 signature-key',
    gateway => {
      const next = nextOf()
      return makeDocument(gateway, { payload: payloadOf(next), signer: next })
    },
  ],
  'another partner as its sender': [
    '403 sender-mismatch',
    gateway => makeDocument(gateway, { from: 'OTHER', payload: payloadOf(nextOf()) }),
  ],
  'another receiver': [
    '422 receiver-mismatch',
    gateway => makeDocument(gateway, { to: 'OTHER', payload: payloadOf(nextOf()) }),
  ],
  'an old time': [
    '422 timestamp-stale',
    gateway => makeDocument(gateway, { payload: payloadOf(nextOf()), now: new Date(Date.now() - 600_000) }),
  ],
  'a payload changed after it was signed': [
    '422 signature-digest',
    async gateway =>
      Buffer.from(
        (await makeDocument(gateway, { payload: payloadOf(nextOf()) }))
          .toString()
          .replace('<Use>tls sign', '<Use>tls '),
      ),
  ],
  'more than an announcement holds': [
    '413 document-too-large',
    gateway => makeDocument(gateway, { payload: `${payloadOf(nextOf())}${' '.repeat(70_000)}` }),
  ],
}

function times(gateway: TestGateway, changed: Partial<Announcement>, to = 100): Promise<Buffer> {
  return makeDocument(gateway, { payload: payloadOf(nextOf({ to }), changed) })
}

t.test('nothing else is taken, and each refusal has its code', async t => {
  const { gateway, text } = await openLive(t)
  const before = await text()
  const begin = Date.now()
  for (const [i, [what, [code, make]]] of Object.entries(wrong).entries()) {
    // Five may come in a second.
    gateway.setTime(new Date(begin + i * 1000))
    t.equal(await send(gateway, await make(gateway)), code, what)
  }
  t.equal(await text(), before)
  t.same(await acts(gateway), [])
})

t.test(
  'the commands of both ends: announced, accepted by an operator where the record says so, taken into use',
  async t => {
    const { gateway, config, following, text } = await openLive(t, 'rollover: approval, ')
    const ours = join(await makeFolder(t), 'certs')
    await cp(certs, ours, { recursive: true })
    const data = await makeFolder(t)
    const [next, second] = [nextOf(), nextOf()]
    for (const [name, one] of Object.entries({ next, second })) {
      await writeFile(join(ours, `${name}.crt`), one.certificatePem)
      await writeFile(join(ours, `${name}.key`), one.keyPem, { mode: 0o600 })
    }
    const sender = async (verb: string, ...args: string[]) => {
      const places = ['--data', data, '--certs', ours, '--config', config]
      const { exitCode, stdout } = await runCommand('sender', ['rollover', verb, ...args, ...places, '--json'])
      return { exitCode, ...JSON.parse(stdout.toString() || '{}') }
    }
    const receiver = async (verb: string, ...args: string[]) => {
      const places = ['--data', gateway.data, ...(verb === 'accept' ? ['--certs', certs] : []), '--config', config]
      const { exitCode, stdout } = await runCommand('receiver', ['rollover', verb, ...args, ...places, '--json'])
      return { exitCode, ...JSON.parse(stdout.toString() || '{}') }
    }
    const announced = await sender(
      'announce',
      receiverId,
      '--url',
      gateway.url,
      '--certificate',
      join(ours, 'next.crt'),
    )
    t.match(announced, { exitCode: 0, receiver: receiverId, acceptedAt: /Z$/ })
    t.match(await announce(gateway, second), /^201/)
    const before = await text()
    t.equal(await read(gateway, next), '403 partner-unknown', 'it waits')
    t.match(await listReceived(gateway.data), [
      { sender: senderId, state: 'waiting', reason: /record asks for it/ },
      { sender: senderId, state: 'waiting' },
    ])
    t.match(await receiver('refuse', second.certificate.fingerprint256), { exitCode: 0, state: 'refused' })
    t.equal(await text(), before)
    t.match(await receiver('accept', next.certificate.fingerprint256), { exitCode: 0, state: 'taken' })
    await following.look()
    t.equal(await read(gateway, next), '404 not-found')
    t.match(await sender('finish', '--certificate', join(ours, 'next.crt')), { exitCode: 0, installed: 'sender.crt' })
    t.equal(await readFile(join(ours, 'sender.crt'), 'utf8'), next.certificatePem)
  },
)

t.test('an operator decides by the API as by the commands, and what waits no more stays as it is', async t => {
  const { gateway, config, following, text } = await openLive(t, 'rollover: approval, ')
  const partners = openPartnerFile({ certs, data: gateway.data, config })
  const listener = await openListener(t, certs, { partners })
  const [officer, viewer] = [listener.keyOf('security-officer'), listener.keyOf('viewer')]
  const rows = async () => (await listener.ask('GET', '/api/v1/rollovers', officer)).json.data
  const decide = (one: Identity, verb: string, fields = officer, partner?: string) =>
    listener.ask(
      'POST',
      `/api/v1/rollovers/${digestOf(one)}/${verb}`,
      fields,
      JSON.stringify({ why: 'compared by phone', partner }),
    )
  t.same(await rows(), [])
  const [next, second, unknown] = [nextOf(), nextOf(), nextOf()]
  t.match(await announce(gateway, next), /^201/)
  t.match(await announce(gateway, second, { id: 'second' }), /^201/)
  const waits = { partner: senderId, state: 'waiting', reason: /record asks for it/, acts: [{ isAllowed: true }, {}] }
  t.match(await rows(), [
    { ...waits, fingerprint: digestOf(second) },
    { ...waits, fingerprint: digestOf(next) },
  ])
  const before = await text()
  // A certificate is no secret: another partner announces the same.
  const [ours] = (await listReceived(gateway.data)).filter(one => one.sender === senderId)
  await keepReceived(gateway.data, { ...ours!, sender: 'OTHER', at: new Date(ours!.at.getTime() + 1) })
  const several = { status: 409, json: { code: 'act-impossible', detail: /and "OTHER" announced the certificate/ } }
  t.match(await decide(next, 'accept'), several)
  t.match(await decide(next, 'refuse'), several)
  t.match(await decide(next, 'refuse', officer, 'OTHER'), { status: 200, json: { partner: 'OTHER' } })
  t.match(
    (await rows()).find((one: { partner: string }) => one.partner === senderId),
    waits,
  )
  t.match(await decide(next, 'accept', viewer), { status: 403, json: { code: 'not-permitted' } })
  t.match(await decide(unknown, 'accept'), { status: 404, json: { code: 'not-found' } })
  t.match(await decide(second, 'refuse'), { status: 200, json: { state: 'refused' } })
  t.match(await decide(second, 'accept'), { status: 404 }, 'what was refused is announced anew')
  t.equal(await text(), before)
  t.match(await decide(next, 'accept'), { status: 200, json: { state: 'taken', reason: null } })
  await following.look()
  t.equal(await read(gateway, next), '404 not-found', 'it counts')
  t.equal(await read(gateway, second), '403 partner-unknown')
  t.match((await rows())[0].acts, [{ name: 'accept', isAllowed: false, why: 'it is refused' }, { isAllowed: false }])
  const acts = listener.records().map(({ action, outcome }) => `${action} ${outcome}`)
  t.same(acts.slice(-2), ['partner.rollover-accepted pending', 'partner.rollover-accepted success'])
  t.match(listener.records().at(-1), { why: 'compared by phone', on: { kind: 'certificate', id: digestOf(next) } })
})

t.test('no suspended partner announces, no revoked certificate, and none that was replaced', async t => {
  const { gateway, config, following, text } = await openLive(t)
  const present = await text()
  await writeFile(config, present.replace(`id: ${senderId}, `, `id: ${senderId}, state: suspended, `))
  await following.look()
  t.equal(await announce(gateway, nextOf()), '403 partner-suspended')
  await writeFile(config, present)
  await following.look()
  t.match(await announce(gateway, nextOf()), /^201/)
  await following.look()
  t.equal(await read(gateway, gateway.sender), '404 not-found')
  t.equal(
    await announce(gateway, nextOf(), { id: 'again' }),
    '422 rollover-certificate',
    'its key may be in other hands',
  )
  await revoke({
    certs,
    ca: 'ca',
    target: gateway.sender.certificate,
    reason: 'keyCompromise',
    days: 397,
    now: new Date(),
  })
  await following.look()
  t.equal(await announce(gateway, nextOf(), { id: 'late' }), '403 certificate-revoked')
  t.same(await acts(gateway), ['rollover-announced', 'rollover-taken'])
})
