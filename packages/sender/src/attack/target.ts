// The receiver under attack, as a partner's client reaches it: connections of mutual TLS 1.3 on
// which any bytes can be sent, and what came back.
import { once } from 'node:events'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { TLS13_CIPHERS } from '@seg/core'
import type { Identity, Trust } from '@seg/pki'
import type { ForgingKey } from './forging.ts'

export type Attack = {
  readonly name: string
  readonly kind: string
  /** The status and code that must meet it; `closed`: the connection ends without an answer. */
  readonly expected: string
  /** What met it, in the same form. */
  run(target: Target): Promise<string>
}

export type Met = {
  /** Status, and for a refusal its code: `422 signature-digest`. */
  readonly verdict: string
  readonly body: Buffer
}

export type Target = {
  /** What an honest document is signed with. */
  readonly key: ForgingKey
  /** A key and certificate of the same names, of another CA. */
  readonly other: Identity
  /** Posts a document; bounded in time. */
  post(document: Buffer): Promise<Met>
  /** The answers to bytes that are written on a connection of their own, until it ends. */
  talk(talk: Talk): Promise<string>
  /** Another connection, ready; the caller destroys it. */
  open(options?: ConnectionOptions): Promise<TLSSocket>
}

export type Talk = {
  readonly tls?: ConnectionOptions
  write(socket: TLSSocket): void | Promise<void>
  /** Milliseconds until an end is no longer waited for. */
  readonly patience?: number
}

/** Milliseconds for one answer. */
const PATIENCE = 15_000

type Place = { readonly url: URL; readonly identity: Identity; readonly trust: Trust }

export function openTarget({ url, identity, trust }: Place, keys: Pick<Target, 'key' | 'other'>): Target {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const open = async (options: ConnectionOptions = {}) => {
    const socket = connect({
      host,
      port: Number(url.port || 443),
      servername: /[a-z]/i.test(host) && !host.includes(':') ? host : '',
      ca: trust.caPem,
      cert: identity.certificatePem,
      key: identity.keyPem,
      allowPartialTrustChain: true,
      minVersion: 'TLSv1.3',
      ciphers: TLS13_CIPHERS,
      ...options,
    })
    try {
      await once(socket, 'secureConnect', { signal: AbortSignal.timeout(PATIENCE) })
      socket.on('error', () => {})
      return socket
    } catch (error) {
      socket.on('error', () => {}).destroy()
      throw error
    }
  }
  const talk = async ({ tls, write, patience = PATIENCE }: Talk) => {
    let socket: TLSSocket
    try {
      socket = await open(tls)
    } catch {
      return 'closed'
    }
    return readAll(socket, write, patience)
  }
  return {
    ...keys,
    open,
    talk: async asked => describeAnswers(await talk(asked)),
    async post(document) {
      const head = `${documentHead(url)}Content-Length: ${document.length}\r\nConnection: close\r\n\r\n`
      const text = await talk({
        write: socket => {
          socket.write(head)
          socket.write(document)
        },
      })
      return { verdict: describeAnswers(text), body: bodyOf(text) }
    },
  }
}

export function documentHead({ host }: Pick<URL, 'host'>): string {
  return `POST /v1/documents HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/xml\r\n`
}

async function readAll(socket: TLSSocket, write: Talk['write'], patience: number): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk))
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(patience) })
  try {
    await Promise.race([closed, write(socket)])
    await closed
    return Buffer.concat(chunks).toString('latin1') || 'closed'
  } catch {
    return Buffer.concat(chunks).toString('latin1') || 'no answer'
  } finally {
    socket.destroy()
  }
}

/** Of each answer its status and, for a refusal, its code. */
function describeAnswers(text: string): string {
  const answers = text.split(/(?=HTTP\/1\.1 \d{3} )/).filter(answer => answer.startsWith('HTTP/1.1 '))
  if (answers.length === 0) return text === 'closed' ? text : 'no answer'
  const verdicts = answers.map(answer =>
    [answer.slice(9, 12), /"code":"([a-z-]+)"/.exec(answer)?.[1]].filter(part => part !== undefined).join(' '),
  )
  return [...new Set(verdicts)].join(', ')
}

function bodyOf(text: string): Buffer {
  const at = text.indexOf('\r\n\r\n')
  return Buffer.from(at < 0 ? '' : text.slice(at + 4), 'latin1')
}
