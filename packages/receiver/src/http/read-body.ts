// The body of a request in pieces, as fast as they are taken and no faster, never more than
// allowed, never too slowly and not byte by byte.
import type { IncomingMessage } from 'node:http'
import { Fault } from '@seg/core'
import { connectionOf } from '../connections/connection.ts'
import type { ReceiverLimits } from '../limits.ts'

/**
 * Bytes of one client before the others get a turn: a fast one could otherwise occupy the event
 * loop.
 */
const TURN_BYTES = 16 * 1024

type Take = (chunk: Buffer) => Promise<void> | undefined

/**
 * Hands each piece to `take`, whose promise, if it returns one, is waited for before the next.
 * Resolves at the end of the body. Throws what `take` throws, and the Faults `document-too-large`
 * (at the byte that is too many), `request-timeout` for a client that makes too little progress,
 * `request-malformed` for one that goes away, and `shutting-down` when the receiver stops before
 * the end. What it does not take it leaves unread.
 */
export async function readBody(request: IncomingMessage, limits: ReceiverLimits, take: Take): Promise<void> {
  await nextTurn()
  if (request.destroyed) throw goneAway(0)
  if (request.complete && request.readableLength <= TURN_BYTES) await takeWhole(request, limits, take)
  else await takeAsItComes(request, limits, take)
}

/** A short body that is here already needs no events, and no watch over its progress. */
function takeWhole(request: IncomingMessage, limits: ReceiverLimits, take: Take): Promise<void> | undefined {
  // One read gives all that is buffered, in one piece, and makes the stream end.
  const body = request.read() as Buffer | null
  if (body === null) return undefined
  checkLength(body.length, limits)
  return take(body)
}

function takeAsItComes(request: IncomingMessage, limits: ReceiverLimits, take: Take): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let received = 0
  let pieces = 0
  let receivedBefore = 0
  let turnEnds = TURN_BYTES
  /** Set while we are the ones who wait: for the disk, or for others' turns. */
  let pause: Promise<void> | undefined
  let isRefused = false

  const checkProgress = setInterval(() => {
    // One that is held waits for the others of its partner.
    if (
      pause === undefined &&
      connectionOf(request.socket)?.isHeld !== true &&
      received - receivedBefore < limits.progressBytes
    )
      refuse(tooSlow(received - receivedBefore, limits))
    receivedBefore = received
  }, limits.progressTime)
  const onData = (chunk: Buffer) => {
    received += chunk.length
    if (++pieces > limits.freePieces && received < (pieces - limits.freePieces) * limits.pieceBytes)
      return refuse(tooFragmented(received, pieces, limits))
    if (received > limits.documentBytes) return refuse(tooLarge(`${received} bytes and more`, limits))
    try {
      pause = take(chunk) ?? (received >= turnEnds ? nextTurn() : undefined)
    } catch (error) {
      return refuse(error)
    }
    if (pause === undefined) return
    request.pause()
    pause.then(goOn, refuse)
  }
  const goOn = () => {
    if (isRefused) return
    pause = undefined
    turnEnds = received + TURN_BYTES
    request.resume()
  }
  const onEnd = () => {
    clearInterval(checkProgress)
    // A stream whose last piece was waiting in its buffer ends right behind it, paused or not: that
    // piece may still be under way to the disk.
    if (pause === undefined) resolve()
    else pause.then(resolve, () => {})
  }
  // A paused request stops its socket: what the client sends from here on fills its own buffers,
  // not ours.
  const refuse = (reason: unknown) => {
    if (isRefused) return
    isRefused = true
    clearInterval(checkProgress)
    request.off('data', onData).off('end', onEnd).pause()
    // Waits for a piece that is still being taken: the caller may undo all of it after the refusal.
    Promise.allSettled([pause]).then(() => reject(reason))
  }
  request.on('data', onData).on('end', onEnd)
  request.on('error', cause => refuse(goneAway(received, cause)))
  connectionOf(request.socket)?.refuseWhenStopped(refuse)
  return promise
}

/** Throws the Fault `document-too-large`. */
export function checkLength(bytes: number, limits: ReceiverLimits): void {
  if (bytes > limits.documentBytes) throw tooLarge(`${bytes} bytes`, limits)
}

export function tooLarge(found: string, { documentBytes }: ReceiverLimits): Fault {
  return new Fault('document-too-large', `expected at most ${documentBytes} bytes, found ${found}`)
}

function tooSlow(found: number, { progressBytes, progressTime }: ReceiverLimits): Fault {
  return new Fault('request-timeout', `expected at least ${progressBytes} bytes in ${progressTime} ms, found ${found}`)
}

function tooFragmented(received: number, pieces: number, { freePieces, pieceBytes }: ReceiverLimits): Fault {
  return new Fault(
    'request-fragmented',
    `expected ${pieceBytes} bytes or more in each piece beyond ${freePieces}, ` +
      `on average, found ${received} bytes in ${pieces} pieces`,
  )
}

function goneAway(received: number, cause?: Error): Fault {
  return new Fault('request-malformed', `the client went away after ${received} bytes`, { cause })
}

/** Requests of one stage: more would keep the ledger's writer waiting, fewer would not pay. */
const TOGETHER = 8
/** The turn after everything that has arrived is read. */
let next: { readonly turn: Promise<void>; requests: number } | undefined

/**
 * Some requests get the same promise, so that they are processed in stages, as a batch: all are
 * read, then verified, then stored, and the code of a stage stays in the processor's caches.
 */
function nextTurn(): Promise<void> {
  if (next === undefined || next.requests === TOGETHER) next = openTurn()
  next.requests++
  return next.turn
}

function openTurn() {
  const { promise: turn, resolve } = Promise.withResolvers<void>()
  const opened = { turn, requests: 0 }
  setImmediate(() => {
    if (next === opened) next = undefined
    resolve()
  })
  return opened
}
