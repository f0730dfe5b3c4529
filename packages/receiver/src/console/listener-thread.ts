// The thread of the operators' listener: TLS, requests and queries of operators never run where
// documents are taken.
import type { KeyObject } from 'node:crypto'
import { once } from 'node:events'
import type { Server as HttpsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { constants, setPriority } from 'node:os'
import type { Duplex } from 'node:stream'
import type { TlsOptions } from 'node:tls'
import { parentPort } from 'node:worker_threads'
import { openConsole } from '@seg/console'
import { asFault, Fault, isSystemError, TLS13_CIPHERS } from '@seg/core'
import { type AskGateway, openAccess, openAuditTrail } from '@seg/operators'
import {
  buildCertificateLogin,
  buildOperatorsApi,
  followApprovals,
  followCertificateSessions,
  openOpenIdLogin,
  openPeople,
  openReaders,
  openTasks,
  routeTable,
} from '@seg/operators/listener'
import { KEY_AGREEMENTS } from '../connections/client-hello.ts'
import { tlsOptionsOf } from '../connections/tls-options.ts'
import { version } from '../open-ledger.ts'
import { openTaskWork } from '../tasks/fork-task.ts'
import type { FromListener, OwnCertificate, ToListener } from './messages.ts'
import { openPartnerFile } from './partner-file.ts'

/** Milliseconds that the main thread has for an answer. */
const ANSWER_TIME = 5000
/** Milliseconds that requests under way have at a stop. */
const CLOSING_TIME = 2000

const port = parentPort!
const [first] = (await once(port, 'message')) as [ToListener]
if (first === 'close' || !('open' in first)) process.exit()
const { open: options } = first
// On Linux a thread has a priority of its own: where processors are busy, documents go first, and a
// tenth of one is left for operators.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
const say = (message: FromListener) => port.postMessage(message)

const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
let questions = 0

const ask: AskGateway = async (name, ...given) => {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const ask = ++questions
  waiting.set(ask, { resolve, reject })
  const timer = setTimeout(
    () => reject(new Fault('overloaded', `the main thread did not answer ${name} within ${ANSWER_TIME} ms`)),
    ANSWER_TIME,
  )
  say({ ask, name, given })
  try {
    return (await promise) as never
  } finally {
    clearTimeout(timer)
    waiting.delete(ask)
  }
}

/** What takes our next certificate into use. */
const onReplaced: ((own: OwnCertificate) => void)[] = []
const sockets = new Set<Duplex>()
const pages = openConsole(trouble => say({ trouble }))
const keepSocket = (socket: Duplex) => {
  sockets.add(socket)
  socket.once('close', () => sockets.delete(socket))
}
let opening = options.port
let certificateLogin: string | undefined
try {
  const access = await openAccess(options.data)
  const audit = await openAuditTrail(options.data, 'receiver', version)
  const people = openPeople(options, trouble => say({ trouble }))
  const parts = {
    access,
    audit,
    ...openReaders(options.data, options.outbox),
    partners: openPartnerFile(options),
    certs: options.certs,
    people,
    tasks: openTasks(options.data, openTaskWork(options), () => new Date()),
    backups: options.backups,
    fourEyes: options.fourEyes,
    openid: openOpenIdLogin(options.config),
    certificateLogin: () => certificateLogin,
    ask,
    complain: (trouble: string) => say({ trouble }),
    now: () => new Date(),
  }
  const app = buildOperatorsApi(parts, routeTable, { pages, tls: tlsOf(options) })
  onReplaced.push(own => (app.server as HttpsServer).setSecureContext(tlsOf(own)))
  app.server.on('connection', keepSocket)
  const sessions = followCertificateSessions(parts)
  followApprovals(parts)
  port.on('message', (message: ToListener) => {
    if (message === 'close') return void close(app)
    if ('open' in message) return
    if ('replaced' in message) return replaceCertificate(message.replaced)
    const question = waiting.get(message.answer)
    if ('value' in message) question?.resolve(message.value)
    else question?.reject(new Error(message.failure))
  })
  await app.listen({ host: options.host, port: options.port, listenTextResolver: () => '' })
  access.url = urlOf(app.server)
  if (options.certificatePort !== undefined) {
    opening = options.certificatePort
    const server = buildCertificateLogin({ ...parts, sessions }, certificateLoginTlsOf(options))
    onReplaced.push(own => server.setSecureContext(certificateLoginTlsOf(own)))
    server.on('connection', keepSocket)
    const failed = once(server, 'error').then(([error]) => Promise.reject(error))
    await Promise.race([once(server.listen(opening, options.host), 'listening'), failed])
    certificateLogin = urlOf(server)
  }
  say({ listening: access.url, certificateLogin })
  pages.begin()
} catch (error) {
  say({ failed: asFault(error).detail, isTaken: isSystemError(error, 'EADDRINUSE'), port: opening })
  port.close()
}

function replaceCertificate(own: OwnCertificate): void {
  for (const use of onReplaced) use(own)
}

function tlsOf({ certificatePem, key }: OwnCertificate): TlsOptions {
  return {
    cert: certificatePem,
    key: pemOf(key),
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    ciphers: TLS13_CIPHERS,
    ecdhCurve: KEY_AGREEMENTS,
  }
}

function certificateLoginTlsOf({ certificatePem, key }: OwnCertificate): TlsOptions {
  return tlsOptionsOf({ certificatePem, keyPem: pemOf(key) })
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string
}

function urlOf(server: Server): string {
  const { port } = server.address() as AddressInfo
  return `https://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`
}

/** Databases are closed with the thread: nothing is in them that is not durable. */
async function close(app: ReturnType<typeof buildOperatorsApi>): Promise<void> {
  pages.close()
  const timer = setTimeout(() => {
    for (const socket of sockets) socket.destroy()
  }, CLOSING_TIME)
  await app.close()
  clearTimeout(timer)
  process.exit()
}
