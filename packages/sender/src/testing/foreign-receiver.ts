// A receiver written by someone else: a bare TLS server on the loopback that answers whatever a test wants, true or not.
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { faults } from '@seg/core'
import { type Identity, loadIdentity, loadTrust } from '@seg/pki'
import { buildReceipt, type ReceiptFacts, verifyDocument } from '@seg/xmldsig'
import type { Test } from 'tap'
import { sha256 } from '../check-receipt.ts'

/** Answers the `count`th request (from 1), or leaves it unanswered. */
export type Reply = (response: ServerResponse, received: Buffer, count: number) => unknown

export type ForeignReceiver = { readonly url: URL; readonly received: Buffer[]; close(): Promise<void> }

export async function startReceiver(
  t: Test,
  certs: string,
  reply: Reply,
  {
    profile = 'receiver',
    host = 'localhost',
    trusting = certs,
    version = 'TLSv1.3',
  }: { profile?: 'receiver' | 'sender'; host?: string; trusting?: string; version?: 'TLSv1.3' | 'TLSv1.2' } = {},
): Promise<ForeignReceiver> {
  const identity = await loadIdentity(certs, profile)
  const { caPem: ca } = await loadTrust(trusting)
  const tls = {
    cert: identity.certificatePem,
    key: identity.keyPem,
    ca,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: version,
    maxVersion: version,
  } as const
  return listen(t, createTlsServer(tls), 'https', host, reply)
}

/** The same without TLS, which no sender may talk to. */
export async function startPlainServer(t: Test): Promise<ForeignReceiver> {
  return listen(t, createServer(), 'https', 'localhost', response => response.end())
}

async function listen(
  t: Test,
  server: ReturnType<typeof createServer>,
  scheme: string,
  host: string,
  reply: Reply,
): Promise<ForeignReceiver> {
  const received: Buffer[] = []
  server.on('request', async (request, response) => {
    const bytes = Buffer.concat(await request.toArray())
    await reply(response, bytes, received.push(bytes))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    server.closeAllConnections()
    if (server.listening) await new Promise(done => server.close(done))
  }
  t.teardown(close)
  return { url: new URL(`${scheme}://${host}:${(server.address() as AddressInfo).port}`), received, close }
}

/** A true receipt for what was received, but for what `lie` changes. */
export async function makeReceipt(received: Buffer, certs: string, lie: Partial<ReceiptFacts> = {}, seal?: Identity): Promise<Buffer> {
  const document = verifyDocument(received, (await loadIdentity(certs, 'sender')).certificate)
  const facts = {
    receiverId: document.receiverId,
    senderId: document.senderId,
    documentId: document.id,
    documentDigest: sha256(received),
    referenceDigest: document.signature.digest,
    acceptedAt: new Date().toISOString(),
  }
  return buildReceipt({ ...facts, ...lie }, seal ?? (await loadIdentity(certs, 'seal')))
}

/** The reply of an honest receiver. */
export function accept(certs: string): Reply {
  return async (response, received) => answerReceipt(response, await makeReceipt(received, certs))
}

export function answerReceipt(response: ServerResponse, receipt: string | Buffer): void {
  response.writeHead(201, { 'content-type': 'application/xml' }).end(receipt)
}

export function refuse(code: keyof typeof faults, headers: Record<string, string> = {}): Reply {
  const { status, sentence } = faults[code]
  const problem = JSON.stringify({ type: 'about:blank', title: sentence, status, code })
  return response => response.writeHead(status, { 'content-type': 'application/problem+json', ...headers }).end(problem)
}
