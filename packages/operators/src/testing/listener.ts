// The operators' listener over real TLS on the loopback, with a clock that the test moves.
import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { Agent, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Fault } from '@seg/core'
import { generate, loadIdentity, loadTrust } from '@seg/pki'
import type { Test } from 'tap'
import { type AccessStore, type Operator, openAccess } from '../access/access-store.ts'
import { openPeople } from '../access/people.ts'
import type { Person } from '../access/people-section.ts'
import type { Role } from '../access/roles.ts'
import { type ApiLimits, buildOperatorsApi, defaultApiLimits } from '../api/build-api.ts'
import { openReaders, openTasks } from '../api/lazy-readers.ts'
import type { Pages } from '../api/pages.ts'
import type { PartnerFile } from '../api/partner-file.ts'
import type { GatewayAnswers } from '../api/parts.ts'
import type { ApiRoute } from '../api/route.ts'
import { routeTable } from '../api/route-table.ts'
import type { AuditRecord } from '../audit/audit-record.ts'
import { openAuditTrail } from '../audit/audit-trail.ts'
import { openOpenIdLogin } from '../openid/openid-login.ts'
import type { RunTask } from '../tasks/tasks.ts'

type Fields = Readonly<Record<string, string>>
export type Answer = {
  readonly status: number
  readonly fields: IncomingHttpHeaders
  readonly text: string
  readonly json: ReturnType<typeof JSON.parse>
}

export type Ask = (method: string, path: string, fields?: Fields, body?: string) => Promise<Answer>

export type TestListener = {
  readonly url: string
  readonly folder: string
  readonly access: AccessStore
  readonly complaints: string[]
  readonly ask: Ask
  /** The field that a key of this role goes in. */
  keyOf(role: Role): Fields
  /** The same of a session. */
  sessionOf(role: Role): Fields & { readonly cookie: string }
  /** The address of a login link. */
  linkOf(role: Role): string
  records(): AuditRecord[]
  setTime(now: Date): void
}

export const someone = (role: Role): Operator => ({ id: 'jane', role, method: 'link', credential: 'some-link' })

/** A folder of certificates, made once a file. */
export async function makeConsoleCerts(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'seg-operators-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await generate({ out: folder, key: 'ec-p256' })
  return folder
}

type Options = {
  readonly partners?: Partial<PartnerFile>
  readonly routes?: readonly ApiRoute[]
  /** A data folder with a ledger or a desk. */
  readonly data?: string
  readonly answers?: Partial<GatewayAnswers>
  /** The data folder of a sender. */
  readonly outbox?: string
  readonly pages?: Pages
  readonly fourEyes?: boolean
  /** Those of seg.yaml. */
  readonly people?: () => readonly Person[]
  readonly limits?: Partial<ApiLimits>
  /** seg.yaml; without it, an empty one. */
  readonly config?: string
  /** The address of the port for certificates. */
  readonly certificateLogin?: string
  /** Does the work of a task. */
  readonly work?: RunTask
  /** The folder of backups. */
  readonly backups?: string
}

export async function openListener(t: Test, certs: string, options: Options = {}): Promise<TestListener> {
  const {
    routes = routeTable,
    data,
    outbox,
    answers: given = {},
    partners = {},
    pages,
    fourEyes = false,
    people,
    limits,
    config,
    certificateLogin,
    work = async () => ({}),
    backups,
  } = options
  const folder = data ?? (await mkdtemp(join(tmpdir(), 'seg-operators-')))
  const access = await openAccess(folder)
  const audit = await openAuditTrail(folder, 'receiver', '1.2.3')
  const complaints: string[] = []
  let time: Date | undefined
  const now = () => time ?? new Date()
  const answers = { ...someAnswers, ...given }
  const ofFile = openPeople({ certs, config: config ?? join(folder, 'seg.yaml') }, line => complaints.push(line))
  const { certificatePem: cert, keyPem: key } = await loadIdentity(certs, 'console')
  const app = buildOperatorsApi(
    {
      access,
      audit,
      ...openReaders(folder, outbox),
      ask: async (name, ...values) => (answers[name] as (...values: readonly unknown[]) => never)(...values),
      partners: { ...somePartners, ...partners },
      certs,
      people: {
        ...ofFile,
        ...((people !== undefined || config === undefined) && { list: async () => people?.() ?? [] }),
      },
      tasks: openTasks(folder, work, now),
      backups,
      fourEyes,
      openid: openOpenIdLogin(config),
      certificateLogin: () => certificateLogin,
      complain: line => complaints.push(line),
      now,
    },
    routes,
    { tls: { cert, key }, limits: { ...defaultApiLimits, ...limits }, ...(pages && { pages }) },
  )
  await app.listen({ host: '127.0.0.1', port: 0, listenTextResolver: () => '' })
  const { port } = app.server.address() as AddressInfo
  const ask = await openClient(t, certs, port)
  t.teardown(async () => {
    // Node closes no connection of its own accord that is idle or streams.
    app.server.closeAllConnections()
    await app.close()
    access.close()
    audit.close()
    if (data === undefined) await rm(folder, { recursive: true, force: true })
  })
  return {
    url: `https://localhost:${port}`,
    folder,
    access,
    complaints,
    ask,
    keyOf: role => {
      const endsAt = now().getTime() + 3_600_000
      return { authorization: `Bearer ${access.addKey({ name: role, role, madeBy: 'test', endsAt }, now()).text}` }
    },
    sessionOf: role => ({ cookie: `__Host-seg=${access.addSession(someone(role), '127.0.0.1', now()).text}` }),
    linkOf: role => `https://localhost:${port}/login/${access.addLink({ actor: someone(role).id, role }, now()).text}`,
    records: () => audit.after(0, 10_000).map(({ text }) => JSON.parse(text) as AuditRecord),
    setTime: to => {
      time = to
    },
  }
}

/** A client of the listener on this port, which keeps its connection. */
export async function openClient(t: Test, certs: string, port: number, localAddress = '127.0.0.1'): Promise<Ask> {
  const agent = new Agent({ keepAlive: true, localAddress, ca: (await loadTrust(certs)).caPem })
  t.teardown(() => agent.destroy())
  return (method, path, fields = {}, body) => askOver(agent, port, { method, path, fields, body })
}

/** What the main thread of some gateway would say. */
const someAnswers: GatewayAnswers = {
  identity: () => ({ id: 'MINISTRY 2_SEG01', node: 'node1', version: '1.2.3', startedAt: '2026-11-28T10:00:00.000Z' }),
  readiness: async () => ({ isReady: true, at: '2026-11-28T10:00:00.000Z', checks: [] }),
  metrics: async () => ({ contentType: 'text/plain', text: '' }),
  settings: () => [{ key: 'port', flag: '--port', value: '8443', origin: 'default' }],
  configuration: () => undefined,
  targets: () => ['inbox', 'webhook'],
  witnesses: () => [],
  noteEventGap: () => {},
  certificates: () => [],
}

const somePartners: PartnerFile = {
  read: async () => ({ mode: 'ca', authorities: [], partners: [] }),
  text: async () => ({ trust: 'ca', partners: [] }),
  change: async () => ({ before: { trust: 'ca', partners: [] }, after: { trust: 'ca', partners: [] } }),
  announced: async () => [],
  decideAnnounced: async () => {
    throw new Fault('not-found', 'nobody announced a certificate here')
  },
  judge: async () => {
    throw new Fault('certificate-invalid', 'no certificate here')
  },
}

type Asked = {
  readonly method: string
  readonly path: string
  readonly fields: Fields
  readonly body?: string | undefined
}

async function askOver(agent: Agent, port: number, { method, path, fields, body }: Asked): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const headers = { ...(body !== undefined && { 'content-type': 'application/json' }), ...fields }
  const asked = request({ host: '127.0.0.1', servername: 'localhost', port, agent, method, path, headers }, answer => {
    text(answer).then(
      said =>
        resolve({
          status: answer.statusCode!,
          fields: answer.headers,
          text: said,
          json: /json/.test(answer.headers['content-type'] ?? '') ? JSON.parse(said) : undefined,
        }),
      reject,
    )
  })
  asked.on('error', reject)
  asked.end(body)
  return promise
}
