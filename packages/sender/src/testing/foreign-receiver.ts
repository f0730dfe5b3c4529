// A receiver written by someone else: a bare TLS server on the loopback that answers whatever a
// test wants, true or not.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { faults } from '@seg/core'
import { type AcceptedEvent, type LogEvent, writeEntry } from '@seg/ledger'
import { type Identity, loadIdentity, loadTrust } from '@seg/pki'
import {
  type LogEntry,
  openReceiptSeal,
  openVerifier,
  type ReceiptFacts,
  type VerifiedDocument,
  Verifier,
  verifyDocument,
} from '@seg/xmldsig'
import type { Test } from 'tap'
import { ForeignLog, logOf } from './foreign-log.ts'

/** Answers the `count`th request (from 1), or leaves it unanswered. */
export type Reply = (response: ServerResponse, received: Buffer, count: number) => unknown

/** Answers a request whose body it reads itself, or does not. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown

export type ForeignReceiver = { readonly url: URL; readonly received: Buffer[]; close(): Promise<void> }

export async function startReceiver(
  t: Test,
  certs: string,
  reply: Reply,
  options: ServerOptions = {},
): Promise<ForeignReceiver> {
  const received: Buffer[] = []
  const server = await startServer(t, certs, collect(received, reply), options)
  return { ...server, received }
}

type ServerOptions = {
  profile?: 'receiver' | 'sender'
  host?: string
  trusting?: string
  version?: 'TLSv1.3' | 'TLSv1.2'
  /** Certificates of CAs that it sends with its own, in PEM. */
  presents?: string
  /** Answers `GET /v1/receipts/…`; without it, nothing was ever accepted. */
  receipts?: Handler
  /** Gives the answer of the CA that goes out with its certificate, to each client that asks. */
  staple?: () => Buffer | null
}
type Server = Omit<ForeignReceiver, 'received'>

/** The same without the documents. */
export async function startServer(
  t: Test,
  certs: string,
  handler: Handler,
  {
    profile = 'receiver',
    host = 'localhost',
    trusting = certs,
    version = 'TLSv1.3',
    presents = '',
    receipts = refuseRequest,
    staple,
  }: ServerOptions = {},
): Promise<Server> {
  const identity = await loadIdentity(certs, profile)
  const { caPem: ca } = await loadTrust(trusting)
  const tls = {
    cert: `${identity.certificatePem}${presents}`,
    key: identity.keyPem,
    ca,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: version,
    maxVersion: version,
  } as const
  const server = createTlsServer(tls)
  if (staple !== undefined) server.on('OCSPRequest', (_certificate, _issuer, answer) => answer(null, staple()))
  return listen(t, server, host, serveLog(certs, handler, receipts))
}

/** The same without TLS, which no sender may talk to. */
export async function startPlainServer(t: Test): Promise<ForeignReceiver> {
  return { ...(await listen(t, createServer(), 'localhost', (_request, response) => response.end())), received: [] }
}

/** Honest about its log and its receipts, whatever it says of documents. */
function serveLog(certs: string, handler: Handler, receipts: Handler): Handler {
  return (request, response) => {
    const path = /^\/v1\/log\/(.*)$/.exec(request.url ?? '')?.[1]
    if (request.method === 'GET' && request.url?.startsWith('/v1/receipts/')) return receipts(request, response)
    return path === undefined ? handler(request, response) : logOf(certs).answer(path, response)
  }
}

const refuseRequest: Handler = (_request, response) => refuse('not-found')(response, Buffer.alloc(0), 0)

function collect(received: Buffer[], reply: Reply): Handler {
  return async (request, response) => {
    const bytes = Buffer.concat(await request.toArray())
    await reply(response, bytes, received.push(bytes))
  }
}

async function listen(
  t: Test,
  server: ReturnType<typeof createServer>,
  host: string,
  handler: Handler,
): Promise<Server> {
  server.on('request', handler)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    server.closeAllConnections()
    if (server.listening) await new Promise(done => server.close(done))
  }
  t.teardown(close)
  return { url: new URL(`https://${host}:${(server.address() as AddressInfo).port}`), close }
}

/** A true receipt for what was received, but for what `lie` changes. */
export async function makeReceipt(
  received: Buffer,
  certs: string,
  lie: Partial<ReceiptFacts> = {},
  seal?: Identity,
): Promise<Buffer> {
  return sealReceipt(
    verifyDocument(received, (await loadIdentity(certs, 'sender')).certificate),
    { bytes: received.length, sha256: sha256(received) },
    certs,
    lie,
    seal,
  )
}

async function sealReceipt(
  document: VerifiedDocument,
  { bytes, sha256: documentDigest }: { bytes: number; sha256: Buffer },
  certs: string,
  lie: Partial<ReceiptFacts> = {},
  seal?: Identity,
) {
  const facts = {
    receiverId: document.receiverId,
    senderId: document.senderId,
    documentId: document.id,
    documentDigest,
    referenceDigest: document.signature.digest,
    acceptedAt: new Date().toISOString(),
    ...lie,
  }
  const logEntry = lie.logEntry ?? (await appendEntry(logOf(certs), facts, { bytes, ...(await signedUnder(certs)) }))
  return openReceiptSeal(seal ?? (await loadIdentity(certs, 'seal')))({ ...facts, logEntry })
}

/** The only entry of a log. */
export async function makeLogEntry(
  facts: Omit<ReceiptFacts, 'logEntry'>,
  certs: string,
  change: Pick<AcceptedEvent, 'bytes'> & Partial<AcceptedEvent>,
): Promise<LogEntry> {
  return appendEntry(new ForeignLog(certs), facts, { ...(await signedUnder(certs)), ...change })
}

/** As entries name the sender's certificate of this folder. */
export async function signedUnder(certs: string): Promise<Pick<AcceptedEvent, 'certificate'>> {
  return { certificate: sha256((await loadIdentity(certs, 'sender')).certificate.raw).toString('base64') }
}

function appendEntry(
  log: ForeignLog,
  facts: Omit<ReceiptFacts, 'logEntry'>,
  change: Pick<AcceptedEvent, 'bytes' | 'certificate'> & Partial<AcceptedEvent>,
): Promise<LogEntry> {
  const event: LogEvent = {
    type: 'accepted',
    at: facts.acceptedAt,
    sender: facts.senderId,
    document: facts.documentId,
    sha256: facts.documentDigest.toString('base64'),
    reference: facts.referenceDigest.toString('base64'),
    ...change,
  }
  const { leaf, ...opening } = writeEntry(event, randomBytes(32))
  return log.append(leaf, opening)
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

/** The reply of an honest receiver. */
export function accept(certs: string): Reply {
  return async (response, received) => answerReceipt(response, await makeReceipt(received, certs))
}

/** The reply of an honest receiver that keeps nothing, for documents of any size. */
export function acceptAndDiscard(certs: string): Handler {
  return async (request, response) => {
    const hash = createHash('sha256')
    let bytes = 0
    const verifier = openVerifier((await loadIdentity(certs, 'sender')).certificate)
    for await (const chunk of request) {
      bytes += chunk.length
      hash.update(chunk)
      verifier.write(chunk)
    }
    const document = verifier.end()
    if (document instanceof Verifier) throw new TypeError('our sender signs with the algorithms that are guessed')
    answerReceipt(response, await sealReceipt(document, { bytes, sha256: hash.digest() }, certs))
  }
}

export function answerReceipt(response: ServerResponse, receipt: string | Buffer, status = 201): void {
  response.writeHead(status, { 'content-type': 'application/xml' }).end(receipt)
}

export function refuse(code: keyof typeof faults, headers: Record<string, string> = {}): Reply {
  const { status, sentence } = faults[code]
  const problem = JSON.stringify({ type: 'about:blank', title: sentence, status, code })
  return response => response.writeHead(status, { 'content-type': 'application/problem+json', ...headers }).end(problem)
}
