// How the receiver stops: documents that are all here are answered; what is still coming has a
// short time, and is then refused.
import type { ServerResponse } from 'node:http'
import type { Server } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'
import { Fault } from '@seg/core'
import type { ReceiverLimits } from '../limits.ts'

type Times = Pick<ReceiverLimits, 'closingGrace' | 'closingTime'>

/** Milliseconds that a client has to read an answer once nothing else is waited for. */
const LAST_READ = 500

/** What the open connections say of their requests, when the receiver stops. */
export type UnderWay = {
  /** Answers that no client has whole yet. */
  answersDue(): readonly ServerResponse[]
  /** Refuses what is still coming. */
  refuse(fault: Fault): void
}

/** For one receiver. */
export class Stopping {
  #hasBegun = false
  #work = 0
  #idle: (() => void) | undefined
  #underWay: UnderWay | undefined

  /** To be called once, before there are requests. */
  track(server: Server): void {
    server.prependListener('request', (_request, response) => {
      if (this.#hasBegun) closeAfter(response)
    })
  }

  /**
   * What is under way is asked for at the end. A Set of it, changed with each request, would be
   * paid for all the time: V8 links each table that it gave up to the next one, so that tables and
   * all requests in them get old, and only a major collection frees them.
   */
  follow(underWay: UnderWay): void {
    this.#underWay = underWay
  }

  /**
   * Each answer is the last of its connection from here on: kept alive, it would hold the receiver
   * up.
   */
  begin(): void {
    this.#hasBegun = true
    for (const response of this.#answersDue()) closeAfter(response)
  }

  /**
   * A document is verified and stored until `endWork`, even when its connection has ended: the
   * ledger must stay open as long.
   */
  beginWork(): void {
    this.#work++
  }

  endWork(): void {
    if (--this.#work === 0) this.#idle?.()
  }

  /** Resolves when nothing is under way any more, or has had its time. */
  async wait({ closingGrace, closingTime }: Times): Promise<void> {
    const end = performance.now() + closingTime
    const answered = endOf(this.#answersDue())
    await within(Math.min(closingGrace, closingTime), answered)
    const detail = `it was not all here ${closingGrace} ms after the receiver was stopped`
    this.#underWay?.refuse(new Fault('shutting-down', detail))
    await within(end - performance.now(), this.#endOfWork())
    await within(LAST_READ, answered)
  }

  #answersDue(): readonly ServerResponse[] {
    return this.#underWay?.answersDue() ?? []
  }

  #endOfWork(): Promise<void> {
    if (this.#work === 0) return Promise.resolve()
    return new Promise(resolve => {
      this.#idle = resolve
    })
  }
}

function closeAfter(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close')
}

/**
 * Waits until each is answered, which then is the last answer of its connection, and the client has
 * it.
 */
async function endOf(responses: readonly ServerResponse[]): Promise<void> {
  const ends = responses.map(response => {
    const { socket } = response.req
    response.once('close', () => socket.destroySoon())
    return new Promise(resolve => socket.once('close', resolve))
  })
  await Promise.all(ends)
}

async function within(milliseconds: number, promise: Promise<void>): Promise<void> {
  await Promise.race([promise, pause(Math.max(0, milliseconds), undefined, { ref: false })])
}
