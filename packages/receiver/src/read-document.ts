// The body of a request, read whole into memory, but never more of it than allowed and never more slowly.
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Fault, quote } from '@seg/core'
import type { Limits } from './limits.ts'

export type ReceivedDocument = {
  readonly bytes: Buffer
  /** SHA-256 of the bytes. */
  readonly digest: Buffer
}

const MEDIA_TYPE = /^application\/xml(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?$/i

/**
 * Throws the Fault `media-type`, `document-too-large` (for a declared length before the first byte, else at the byte that is too many),
 * `request-timeout` for a client that makes too little progress, or `request-malformed` for one that goes away. What it does not want it leaves unread.
 */
export async function readDocument(request: IncomingMessage, limits: Limits): Promise<ReceivedDocument> {
  const { 'content-type': type, 'content-encoding': coding, 'content-length': length } = request.headers
  if (!MEDIA_TYPE.test(type ?? ''))
    throw new Fault('media-type', `expected application/xml in UTF-8, found ${quote(type ?? 'no Content-Type')}`)
  if (coding !== undefined) throw new Fault('media-type', `expected no Content-Encoding, found ${quote(coding)}`)
  if (Number(length ?? 0) > limits.documentBytes) throw tooLarge(`a Content-Length of ${length}`, limits)
  const bytes = await readBody(request, limits)
  return { bytes, digest: createHash('sha256').update(bytes).digest() }
}

function readBody(request: IncomingMessage, limits: Limits): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  let received = 0
  let receivedBefore = 0

  const checkProgress = setInterval(() => {
    if (received - receivedBefore < limits.progressBytes) refuse(tooSlow(received - receivedBefore, limits))
    receivedBefore = received
  }, limits.progressTime)
  const onData = (chunk: Buffer) => {
    received += chunk.length
    if (received > limits.documentBytes) refuse(tooLarge(`${received} bytes and more`, limits))
    else chunks.push(chunk)
  }
  const onEnd = () => {
    clearInterval(checkProgress)
    resolve(Buffer.concat(chunks, received))
  }
  // A paused request stops its socket: what the client sends from here on fills its own buffers, not ours.
  const refuse = (fault: Fault) => {
    clearInterval(checkProgress)
    request.off('data', onData).off('end', onEnd).pause()
    reject(fault)
  }
  request.on('data', onData).on('end', onEnd)
  request.on('error', cause => refuse(new Fault('request-malformed', `the client went away after ${received} bytes`, { cause })))
  return promise
}

function tooLarge(found: string, { documentBytes }: Limits): Fault {
  return new Fault('document-too-large', `expected at most ${documentBytes} bytes, found ${found}`)
}

function tooSlow(found: number, { progressBytes, progressTime }: Limits): Fault {
  return new Fault('request-timeout', `expected at least ${progressBytes} bytes in ${progressTime} ms, found ${found}`)
}
