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

/** For one receiver. */
export class Stopping {
  readonly #requests = new Set<ServerResponse>()
  #hasBegun = false
  #work = 0
  #idle: (() => void) | undefined
  #refuse: ((fault: Fault) => void) | undefined

  /** To be called once, before there are requests. */
  track(server: Server): void {
    server.prependListener('request', (_request, response) => {
      this.#requests.add(response)
      response.once('close', () => this.#requests.delete(response))
      if (this.#hasBegun) closeAfter(response)
    })
  }

  /**
   * Each answer is the last of its connection from here on: kept alive, it would hold the receiver
   * up.
   */
  begin(): void {
    this.#hasBegun = true
    for (const response of this.#requests) closeAfter(response)
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

  /** `refuse` is called when those that are still sending have had their time. */
  onRefuse(refuse: (fault: Fault) => void): void {
    this.#refuse = refuse
  }

  /** Resolves when nothing is under way any more, or has had its time. */
  async wait({ closingGrace, closingTime }: Times): Promise<void> {
    const end = performance.now() + closingTime
    const answered = endOf(this.#requests)
    await within(Math.min(closingGrace, closingTime), answered)
    this.#refuse?.(new Fault('shutting-down', `it was not all here ${closingGrace} ms after the receiver was stopped`))
    await within(end - performance.now(), this.#endOfWork())
    await within(LAST_READ, answered)
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
async function endOf(responses: ReadonlySet<ServerResponse>): Promise<void> {
  const ends = Array.from(responses, response => {
    const { socket } = response.req
    response.once('close', () => socket.destroySoon())
    return new Promise(resolve => socket.once('close', resolve))
  })
  await Promise.all(ends)
}

async function within(milliseconds: number, promise: Promise<void>): Promise<void> {
  await Promise.race([promise, pause(Math.max(0, milliseconds), undefined, { ref: false })])
}
