// What listens at an address, looked at from outside: nothing is sent to it, not even our
// certificate, so its answer is checked afterwards.
import { once } from 'node:events'
import { connect as connectPlain, isIP } from 'node:net'
import { connect } from 'node:tls'
import { Fault, shellWord, TLS13_CIPHERS } from '@seg/core'
import { type PresentedChain, readPresentedChain } from '@seg/pki'
import { explainNetwork } from '../exchange/connection-fault.ts'

/** Without the brackets of an IPv6 address. */
export type Place = { readonly host: string; readonly port: number }

export type ShownServer = {
  readonly chain: PresentedChain
  /** The answer of its CA about its certificate (RFC 6066 8). */
  readonly staple: Buffer | undefined
  readonly protocol: string
  readonly group: string
}

export function placeOf({ hostname, port }: URL): Place {
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || 443) }
}

/** Throws the Fault `delivery-pending` when nothing takes the connection. */
export async function connectTo(place: Place, patience: number): Promise<string> {
  const socket = connectPlain(place)
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(patience) })
    return String(socket.remoteAddress)
  } catch (cause) {
    throw new Fault('delivery-pending', `${show(place)}: ${reasonOf(cause)}`, { cause })
  } finally {
    socket.on('error', () => {})
    socket.destroy()
  }
}

/** Throws the Fault `delivery-pending` for a server without our TLS. */
export async function lookAtServer(place: Place, patience: number): Promise<ShownServer> {
  const socket = connect({
    ...place,
    ...(isIP(place.host) === 0 && { servername: place.host }),
    // Only looked at; `checkServer` judges it, and so does each connection that sends something.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    ciphers: TLS13_CIPHERS,
    ...{ requestOCSP: true },
  })
  let staple: Buffer | undefined
  socket.once('OCSPResponse', (answer: Buffer | null) => {
    staple = answer ?? undefined
  })
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(patience) })
    const chain = readPresentedChain(socket)
    if (chain === undefined) throw new Fault('certificate-invalid', 'the server showed no certificate')
    const key = socket.getEphemeralKeyInfo()
    const group = (key !== null && 'name' in key && key.name) || 'unknown'
    return { chain, staple, protocol: socket.getProtocol() ?? 'unknown', group }
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw await explainTls(place, cause, patience)
  } finally {
    socket.on('error', () => {})
    // Not before our last message of the handshake is out.
    socket.destroySoon()
  }
}

async function explainTls(place: Place, cause: unknown, patience: number): Promise<Fault> {
  const code = String(Object(cause).code ?? '')
  if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/.test(code))
    return new Fault('delivery-pending', `${show(place)} does not speak TLS 1.3: expected it, found ${code}`, { cause })
  if (code.startsWith('ERR_SSL_') && (await speaksHttp(place, patience))) {
    const command = `curl -sI ${shellWord(`http://${show(place)}/`)}`
    const detail = `${show(place)} speaks plain HTTP: expected TLS 1.3; its port of HTTPS is another one`
    return new Fault('delivery-pending', detail, { cause, command })
  }
  return new Fault('delivery-pending', `${show(place)}, in the TLS handshake: ${reasonOf(cause)}`, { cause })
}

async function speaksHttp(place: Place, patience: number): Promise<boolean> {
  const socket = connectPlain(place)
  try {
    socket.end(`HEAD / HTTP/1.1\r\nHost: ${show(place)}\r\nConnection: close\r\n\r\n`)
    const [first] = (await once(socket, 'data', { signal: AbortSignal.timeout(patience) })) as [Buffer]
    return first.toString('latin1').startsWith('HTTP/')
  } catch {
    return false
  } finally {
    socket.on('error', () => {})
    socket.destroy()
  }
}

function reasonOf(error: unknown): string {
  const { code, message, name } = Object(error)
  return explainNetwork(name === 'AbortError' ? '' : String(code ?? ''), String(message))
}

export function show({ host, port }: Place): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
