// The body of a request in pieces, as fast as they are taken and no faster, never more than allowed and never too slowly.
import type { IncomingMessage } from 'node:http'
import { Fault } from '@seg/core'
import type { Limits } from './limits.ts'

/** Taken from one client before all others get their turn: what a fast one sends could otherwise keep the event loop for long. */
const TURN_BYTES = 16 * 1024

/**
 * Hands each piece to `take`, whose promise, if it returns one, is waited for before the next. Resolves at the end of the body. Throws what `take`
 * throws, and the Faults `document-too-large` (at the byte that is too many), `request-timeout` for a client that makes too little progress
 * and `request-malformed` for one that goes away. What it does not want it leaves unread.
 */
export function readBody(request: IncomingMessage, limits: Limits, take: (chunk: Buffer) => Promise<void> | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let received = 0
  let receivedBefore = 0
  let turnEnds = TURN_BYTES
  /** Set while we are the ones who wait: for the disk, or for others' turns. */
  let pause: Promise<void> | undefined
  let isRefused = false

  const checkProgress = setInterval(() => {
    if (pause === undefined && received - receivedBefore < limits.progressBytes) refuse(tooSlow(received - receivedBefore, limits))
    receivedBefore = received
  }, limits.progressTime)
  const onData = (chunk: Buffer) => {
    received += chunk.length
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
    // A stream whose last piece was waiting in its buffer ends right behind it, paused or not: that piece may still be under way to the disk.
    if (pause === undefined) resolve()
    else pause.then(resolve, () => {})
  }
  // A paused request stops its socket: what the client sends from here on fills its own buffers, not ours.
  const refuse = (reason: unknown) => {
    isRefused = true
    clearInterval(checkProgress)
    request.off('data', onData).off('end', onEnd).pause()
    // A piece that is still being taken is not given up: whoever hears of the refusal may undo all that was taken.
    Promise.allSettled([pause]).then(() => reject(reason))
  }
  request.on('data', onData).on('end', onEnd)
  request.on('error', cause => refuse(new Fault('request-malformed', `the client went away after ${received} bytes`, { cause })))
  return promise
}

export function tooLarge(found: string, { documentBytes }: Limits): Fault {
  return new Fault('document-too-large', `expected at most ${documentBytes} bytes, found ${found}`)
}

function tooSlow(found: number, { progressBytes, progressTime }: Limits): Fault {
  return new Fault('request-timeout', `expected at least ${progressBytes} bytes in ${progressTime} ms, found ${found}`)
}

function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
