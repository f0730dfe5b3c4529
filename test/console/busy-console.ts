// A console with an hour behind it: documents of four partners, what was refused and why, what was
// delivered and what waits, dead letters, certificates in every state, acts of people.
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '@seg/core/testing/until'
import type { Test } from 'tap'
import { openOutbox } from '../../packages/ledger/src/index.ts'
import type { Alert } from '../../packages/operators/src/alerts/alert-store.ts'
import { openAlertStore } from '../../packages/operators/src/alerts/alert-store.ts'
import { generate, type Identity, loadIdentity } from '../../packages/pki/src/index.ts'
import { issueFiles } from '../../packages/pki/src/issuing/issue-files.ts'
import { answersOf } from '../../packages/receiver/src/console/answers.ts'
import { openPartnerFile } from '../../packages/receiver/src/console/partner-file.ts'
import { openGatewayMeasure } from '../../packages/receiver/src/measures/measure-gateway.ts'
import { watchReadiness } from '../../packages/receiver/src/measures/readiness.ts'
import { keepReceived } from '../../packages/receiver/src/rollover/announcements.ts'
import { call } from '../../packages/receiver/src/testing/client.ts'
import {
  makeDocument,
  makeFolder,
  receiverId,
  senderId,
  someChain,
  type TestGateway,
} from '../../packages/receiver/src/testing/gateway.ts'
import { openTestConsole, type TestConsole } from '../support/console.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const ids = [senderId, 'TAX OFFICE_SEG01', 'LAND REGISTRY_SEG02', 'CITY OF AURICH_SEG01'] as const

type BusyOptions = {
  /** How many documents: the more, the longer it takes. */
  readonly documents: number
  /** No operator must act. */
  readonly isCalm?: boolean
}

export type BusyConsole = TestConsole & {
  /** Each page by its name, with something to see. */
  readonly pages: Readonly<Record<string, string>>
}

export async function openBusyConsole(t: Test, { documents, isCalm = false }: BusyOptions): Promise<BusyConsole> {
  const now = Date.now()
  const folder = await makeFolder(t)
  const certs = join(folder, 'certs')
  await generate({ out: certs, key: 'ec-p256', senderId, receiverId, now: new Date(now - 160 * DAY) })
  const senders = await makeSenders(certs, now)
  const outboxFolder = join(folder, 'outbox')
  await mkdir(outboxFolder)
  const config = join(folder, 'seg.yaml')
  await writeFile(config, configuration)
  const partners = openPartnerFile({ certs, data: folder, config })
  const others = isCalm ? [] : await makeOtherCertificates(folder, now)
  const start = new Date(now - HOUR + 2 * MINUTE)
  // The listener is opened with the gateway, whose answers there are afterwards.
  let answers: ReturnType<typeof answersOf> | undefined
  const console = await openTestConsole(
    t,
    {
      ...{ outbox: outboxFolder, partners, config, fourEyes: true },
      answers: {
        identity: () => answers!.identity(),
        readiness: () => answers!.readiness(),
        metrics: isOpen => patiently(() => answers!.metrics(isOpen)),
        witnesses: () => answers!.witnesses(),
        settings: () => settings,
        certificates: () => [...answers!.certificates(), ...others],
      },
    },
    { certs, time: start, outbox: outboxFolder },
  )
  const { gateway, listener } = console
  const readiness = watchReadiness({ ...gateway.gate, now: () => new Date() })
  t.teardown(() => readiness.close())
  answers = answersOf(gateway.gate, readiness, [], config, ['inbox', 'webhook'], { value: 0 })
  const measured = {
    receiver: gateway,
    handOffs: [],
    forwarding: undefined,
    readiness,
    consoleCertificate: () => undefined,
    credentials: { reload: { takenAt: now, isTaken: true } },
    eventGaps: { value: 0 },
  }
  gateway.gate.desk.measureWith(openGatewayMeasure(gateway.gate, measured))

  const letter = isCalm ? undefined : await giveUp(gateway, 'permit-003993', start)
  await sendDocuments(gateway, senders, { from: start.getTime(), to: now - 15_000, count: documents })
  noteConnections(gateway, now)
  for (const { id } of senders) gateway.gate.witnesses.note(id, await gateway.gate.ledger.log.size())
  if (!isCalm) await announce(folder, senders[1]!, now)
  const outbox = await openOutbox(outboxFolder)
  t.teardown(() => outbox.close())
  await queueDeliveries(outbox, now, isCalm)
  gateway.setTime(new Date())
  const alerts = await openAlertStore(gateway.data)
  t.teardown(() => alerts.close())
  const channel = { name: 'mail', sentAt: now - 3 * HOUR, failedSince: 0, failure: '' }
  alerts.save(isCalm ? [] : [conflictAlert(now)], [channel])
  const waiting = await actAsPeople(listener, isCalm)
  return { ...console, pages: await findPages(console, letter, waiting) }
}

/** A desk that has not answered in time is slow here, and no defect. */
async function patiently<Result>(ask: () => Promise<Result>): Promise<Result> {
  for (;;)
    try {
      return await ask()
    } catch (error) {
      if ((error as { code?: string }).code !== 'overloaded') throw error
    }
}

/** What partners have: a certificate each, of one CA. */
async function makeSenders(certs: string, now: number): Promise<Identity[]> {
  const rest = ids.slice(1)
  for (const [number, id] of rest.entries())
    await issueFiles({
      ...{ certs, ca: 'ca', profile: 'sender', id, hosts: [], key: 'ec-p256', days: 397 },
      ...{ out: join(`${certs}-${number}`, 'sender'), now: new Date(now - 90 * DAY) },
    })
  return Promise.all([
    loadIdentity(certs, 'sender'),
    ...rest.map((_id, number) => loadIdentity(`${certs}-${number}`, 'sender')),
  ])
}

const kinds = ['permit', 'invoice', 'register', 'notice'] as const

type Times = { readonly from: number; readonly to: number; readonly count: number }

async function sendDocuments(gateway: TestGateway, senders: readonly Identity[], { from, to, count }: Times) {
  const random = randomOf(17)
  const send = async (signer: Identity, body: Buffer) => {
    const tls = { cert: signer.certificatePem, key: signer.keyPem }
    const headers = { 'content-type': 'application/xml', 'content-length': String(body.length) }
    await call(gateway, { method: 'POST', path: '/v1/documents', headers, body, tls })
  }
  let before: { readonly signer: Identity; readonly body: Buffer } | undefined
  for (let number = 0; number < count; number++) {
    // Busier and quieter times.
    const part = (number + random()) / count
    const at = new Date(from + (to - from) * (part + 0.035 * Math.sin(6 * Math.PI * part)))
    gateway.setTime(at)
    const signer = senders[Math.floor(random() ** 1.6 * senders.length)]!
    const id = `${kinds[number % kinds.length]}-${String(4000 + number * 7).padStart(6, '0')}`
    const payload = 'Land parcel 17/4, section 12. '.repeat(1 + Math.floor(10 ** (random() * 3.4)))
    const now = number % 67 === 30 ? new Date(at.getTime() - 20 * MINUTE) : at
    const toOther = number % 97 === 50 ? { to: 'MINISTRY 9_SEG01' } : {}
    const body = await makeDocument(gateway, { id, from: signer.id, now, payload, signer, ...toOther })
    // The last one, too: also after a midnight there is one to see.
    if (number % 41 === 17 || number === count - 1)
      await send(signer, Buffer.from(body.toString().replace('parcel 17', 'parcel 71')))
    else await send(signer, body)
    if (number % 53 === 20 && before !== undefined) await send(before.signer, before.body)
    // The same id with other content.
    if (number === Math.floor(count / 2))
      await send(signer, await makeDocument(gateway, { id, from: signer.id, now, signer }))
    before = { signer, body }
  }
}

/** The next certificate of a partner, which waits for an operator. */
async function announce(data: string, { id, certificate }: Identity, now: number): Promise<void> {
  const announcement = { certificate, uses: ['tls', 'sign'], from: now + DAY, until: now + 14 * DAY } as const
  const present = { tls: [certificate], sign: [certificate] }
  const known = { sender: id, document: 'rollover-1', sha256: digestOf(id), announcement, present }
  await keepReceived(data, {
    ...known,
    at: new Date(now - 40 * MINUTE),
    state: 'waiting',
    reason: 'its record asks for it',
  })
}

/** Connections that ended before a request: a scan of ports, an unknown CA, an old client. */
function noteConnections({ gate: { desk } }: TestGateway, now: number): void {
  const failed = [
    [
      52,
      '198.51.100.23',
      'certificate-untrusted',
      'expected a certificate of an authority of ours, found one of "Example CA 3"',
    ],
    [31, '203.0.113.9', undefined, 'the client speaks no TLS'],
    [30, '203.0.113.9', undefined, 'the client speaks no TLS'],
    [12, '198.51.100.40', 'certificate-expired', 'the certificate ended on 1 November'],
  ] as const
  for (const [minutes, address, code, detail] of failed)
    desk.note({ kind: 'connection', outcome: 'failed', at: now - minutes * MINUTE, address, code, detail })
}

async function queueDeliveries(outbox: Awaited<ReturnType<typeof openOutbox>>, now: number, isCalm: boolean) {
  const queue = async (id: string, receiver: string, minutes: number) => {
    const document = {
      path: `${id}.xml`,
      bytes: 4_200,
      sha256: digestOf(id),
      id,
      receiverId: 'MINISTRY 3_SEG01',
      own: undefined,
    }
    const queuedAt = now - minutes * MINUTE
    const asked = { delivery: id, receiver, file: `${id}.xml`, document, queuedAt, expiresAt: now + DAY }
    return (await outbox.queue(asked)).entry.number
  }
  for (let minutes = 48; minutes > 0; minutes -= 6) {
    const number = await queue(`answer-${1000 + minutes}`, 'https://gateway.ministry1.example', minutes)
    const held = (await outbox.leaseOne(number))!
    await outbox.deliver(held, Buffer.from('receipt'), now - minutes * MINUTE + 240, {
      ...{ startedAt: now - minutes * MINUTE, duration: 240, status: 201, address: '192.0.2.14' },
    })
  }
  if (isCalm) return
  for (let minutes = 14; minutes > 0; minutes -= 3) {
    const number = await queue(`answer-${2000 + minutes}`, 'https://gateway.ministry3.example', minutes)
    const held = (await outbox.leaseOne(number))!
    await outbox.postpone(
      held,
      { code: 'overloaded', detail: 'HTTP status 503 with Retry-After: 120', at: now - MINUTE },
      now + 2 * MINUTE,
      { startedAt: now - MINUTE - 35, duration: 35, status: 503, address: '192.0.2.16' },
    )
  }
}

/** Accepts a document, and gives it up as the webhook's lane does. */
async function giveUp({ gate: { ledger } }: TestGateway, id: string, time: Date): Promise<number> {
  const octets = Buffer.from(id)
  const digest = createHash('sha256').update(octets).digest()
  const content = ledger.stage()
  await content.write(octets)
  const at = time.toISOString()
  const facts = { sender: senderId, id, acceptedAt: at, bytes: octets.length, sha256: digest.toString('hex') }
  const { index } = await ledger.accept(
    { ...facts, referenceDigest: digest.toString('base64'), chain: someChain },
    content,
  )
  await ledger.giveUp(`webhook ${senderId}`, index, at, 'HTTP status 422: the field "parcel" is missing')
  return index
}

function conflictAlert(now: number): Alert {
  const labels = { partner: 'TAX OFFICE_SEG01' }
  return { id: 'b3d1', rule: 'SegConflict', labels, state: 'firing', since: now - 26 * MINUTE, value: 1, notified: {} }
}

/** Acts of two persons; resolves with the approval that waits. */
async function actAsPeople({ ask, access, sessionOf }: TestConsole['listener'], isCalm: boolean): Promise<string> {
  const act = async (path: string, fields: Readonly<Record<string, string>>, body: object) =>
    ask('POST', `/api/v1/${path}`, { ...fields, 'sec-fetch-site': 'same-origin' }, JSON.stringify(body))
  const session = { id: 'joe', role: 'security-officer', method: 'link', credential: 'l' } as const
  const joe = { cookie: `__Host-seg=${access.addSession(session, '127.0.0.1', new Date()).text}` }
  const id = encodeURIComponent('CITY OF AURICH_SEG01')
  const asked = await act(`partners/${id}/suspend`, joe, { why: 'Key reported stolen, case 4711' })
  await act(`approvals/${asked.json.id}/approve`, sessionOf('security-officer'), {})
  if (isCalm) return asked.json.id
  const again = await act(`partners/${id}/resume`, joe, { why: 'New key, letter of 28 November' })
  return again.json.id
}

/** In the order of the rail. */
async function findPages({ listener, gateway }: TestConsole, letter: number | undefined, approval: string) {
  const key = listener.keyOf('administrator')
  const list = (path: string) => async () => (await listener.ask('GET', `/api/v1/${path}`, key)).json?.data ?? []
  const [document] = await untilSome(list('documents?limit=1&outcome=accepted'))
  const [refusal] = await untilSome(list('refusals?limit=50&code=signature-digest'))
  const [certificate] = await untilSome(list('certificates'))
  await untilSome(list('deliveries?limit=1'))
  await untilSome(list('connections?limit=1'))
  const [record] = await untilSome(list('audit?limit=1'))
  return {
    now: '/',
    documents: '/documents',
    refused: '/documents/refused',
    document: `/documents/in/${document.index}`,
    refusal: `/documents/refused/${refusal.id}`,
    connections: '/connections',
    deliveries: '/deliveries',
    delivery: '/deliveries/9',
    'hand-off': '/hand-off',
    'dead-letter': `/hand-off/dead-letters/${letter ?? 0}`,
    partners: '/partners',
    announced: '/partners/announced',
    partner: `/partners/${encodeURIComponent('TAX OFFICE_SEG01')}`,
    'partner-new': '/partners/new',
    certificates: '/certificates',
    certificate: `/certificates/${certificate.fingerprint}`,
    renewal: '/certificates/renew/receiver',
    revocation: '/certificates/revoke',
    evidence: `/evidence?document=${document.index}`,
    log: '/log',
    'log-entry': `/log/${(await gateway.gate.ledger.log.size()) - 5}`,
    witnesses: '/log/witnesses',
    audit: '/audit',
    record: `/audit/${record.number}`,
    approvals: '/approvals',
    approval: `/approvals/${approval}`,
    alerts: '/alerts',
    rules: '/alerts/rules',
    channels: '/alerts/channels',
    health: '/health',
    tasks: '/health/tasks',
    settings: '/settings',
    people: '/settings/people',
    sessions: '/settings/sessions',
    'api-keys': '/settings/api-keys',
    help: '/help',
    fault: '/help/signature-digest',
    search: `/search?q=${encodeURIComponent(document.document)}`,
    'never-seen': '/search?q=never-seen',
    'no-page': '/no-such-page',
  }
}

/** What an answer of the API has, read from JSON. */
type Row = ReturnType<typeof JSON.parse>

/** The desk takes facts in its own time. */
async function untilSome(list: () => Promise<readonly Row[]>): Promise<readonly Row[]> {
  await until(async () => (await list()).length > 0)
  return list()
}

async function makeOtherCertificates(folder: string, now: number) {
  const made = [
    // Of the last third of its lifetime, and past its end.
    { use: 'console', name: 'console', from: now - 300 * DAY },
    { use: 'authority gov-g2', name: 'ca', from: now - 3_655 * DAY },
    { use: 'authority gov-g3', name: 'ca', from: now - 400 * DAY },
  ] as const
  return Promise.all(
    made.map(async ({ use, name, from }, number) => {
      const out = join(folder, `other-${number}`)
      const { files } = await generate({ out, key: 'ec-p256', now: new Date(from) })
      return { use, der: files.find(({ path }) => path.endsWith(`${name}.crt`))!.certificate!.raw }
    }),
  )
}

const configuration = `trust: { mode: ca }
people:
  - { id: jane, name: Jane Doe, role: administrator, certificates: [{ subject: { CN: Jane Doe } }] }
  - { id: joe, name: Joe Bloggs, role: security-officer, certificates: [{ subject: { CN: Joe Bloggs } }] }
  - { id: eve, role: auditor, state: disabled, certificates: [{ subject: { CN: Eve } }] }
partners:
  - { id: ${senderId}, name: Ministry of the Interior, contact: duty@ministry1.example }
  - { id: TAX OFFICE_SEG01, name: Federal Tax Office, contact: gateway@tax.example, limits: { rate: 200, bytes: 50MB } }
  - { id: LAND REGISTRY_SEG02, name: Land Registry North }
  - { id: CITY OF AURICH_SEG01, name: City of Aurich }
`

const settings = [
  { key: 'host', flag: '--host', value: '0.0.0.0', origin: 'file' },
  { key: 'port', flag: '--port', value: '8443', origin: 'default' },
  { key: 'admin-port', flag: '--admin-port', value: '8444', origin: 'default' },
  { key: 'certs', flag: '--certs', value: '/etc/seg/certs', origin: 'environment' },
  { key: 'data', flag: '--data', value: '/var/lib/seg', origin: 'environment' },
  { key: 'four-eyes', flag: '--four-eyes', value: 'on', origin: 'flag' },
  { key: 'clock-skew', flag: '--clock-skew', value: '300', origin: 'default' },
] as const

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** The same sequence of numbers from 0 to 1 each time (a linear congruential generator). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
