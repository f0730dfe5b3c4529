// The first line of a NATS server, INFO: what the server offers, before anybody knows who it is.
import type { Socket } from 'node:net'
import { Fault } from '@seg/core'
import type { NatsFrames } from './nats-frames.ts'

export type ServerInfo = {
  readonly headers?: unknown
  readonly nonce?: unknown
  readonly max_payload?: unknown
  readonly tls_required?: unknown
  readonly tls_available?: unknown
}

/** The first line of a server comes before TLS: nothing in it is believed but what it offers. */
export function readInfo(socket: Socket, frames: NatsFrames): Promise<ServerInfo> {
  const { promise, resolve, reject } = Promise.withResolvers<ServerInfo>()
  socket.on('error', reject)
  socket.on('close', () => reject(new Error('the server closed the connection')))
  const take = (piece: Buffer) => {
    try {
      const { value: frame } = frames.read(piece).next()
      if (frame === undefined) return
      if (frame.verb !== 'INFO') throw new Fault('storage-unavailable', `expected INFO of NATS, found ${frame.verb}`)
      socket.off('data', take).pause()
      resolve(parseInfo(frame.text))
    } catch (error) {
      reject(error)
    }
  }
  socket.on('data', take)
  return promise
}

export function parseInfo(text: string): ServerInfo {
  try {
    return Object(JSON.parse(text))
  } catch {
    throw new Fault('storage-unavailable', 'expected INFO of NATS in JSON')
  }
}

export function checkInfo(info: ServerInfo, { isPlain }: { readonly isPlain: boolean }): void {
  if (info.headers !== true) throw new Fault('storage-unavailable', 'expected a NATS server of version 2.2 or later')
  if (!isPlain && info.tls_required !== true && info.tls_available !== true)
    throw new Fault('storage-unavailable', 'the server offers no TLS')
  if (isPlain && info.tls_required === true)
    throw new Fault('storage-unavailable', 'the server demands TLS: expected tls:// in --nats')
}
