// Two kinds of load. Closed: each connection sends its next document when it has its answer, which
// finds what a server can do. Open: documents come when they come, as senders' do, and the time one
// waits for a free connection counts, which finds what a sender sees.
import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from '../clients/client.ts'
import type { Stock, StockedDocument } from './stock.ts'
import type { Tally } from './tally.ts'

export type ClosedLoad = {
  readonly seconds: number
  /** Documents after which it ends early; without, only the stock's end does that. */
  readonly most?: number | undefined
}

export async function runClosed(
  connections: readonly Client[],
  stock: Stock,
  tally: Tally,
  { seconds, most = Number.POSITIVE_INFINITY }: ClosedLoad,
): Promise<void> {
  const end = performance.now() + seconds * 1000
  let taken = 0
  await Promise.all(
    connections.map(async connection => {
      for (let begin = performance.now(); begin < end; begin = performance.now()) {
        const document = taken++ < most ? stock.take() : undefined
        if (document === undefined) return
        await send(document, connection, stock, tally, begin)
      }
    }),
  )
}

export type OpenLoad = {
  /** Documents per second, their times of arrival independent of one another (Poisson). */
  readonly rate: number
  readonly seconds: number
  /** Whether those that wait for a connection when the time is up are sent, too. */
  readonly isPatient: boolean
}

export async function runOpen(
  connections: readonly Client[],
  stock: Stock,
  tally: Tally,
  load: OpenLoad,
): Promise<void> {
  const { rate, seconds, isPatient } = load
  const idle = [...connections]
  const underWay = new Set<Promise<void>>()
  /** Times of arrival of those that wait for a connection, from `first` on. */
  const waiting: number[] = []
  let first = 0

  const sendNext = async (connection: Client) => {
    while (first < waiting.length) {
      const arrival = waiting[first++]!
      const document = stock.take()
      if (document === undefined) throw new Error('too few documents were signed for this load')
      await send(document, connection, stock, tally, arrival)
    }
    idle.push(connection)
  }
  const sendWaiting = () => {
    while (first < waiting.length && idle.length > 0) {
      const sent: Promise<void> = sendNext(idle.pop()!).then(() => void underWay.delete(sent))
      underWay.add(sent)
    }
  }

  const end = performance.now() + seconds * 1000
  for (let next = performance.now(); next < end; ) {
    const now = performance.now()
    while (next <= now) {
      // Those of one millisecond come together, at its end.
      waiting.push(Math.ceil(next))
      next -= Math.log(1 - Math.random()) * (1000 / rate)
    }
    sendWaiting()
    await pause(1)
  }
  if (!isPatient) first = waiting.length
  while (underWay.size > 0) await Promise.all(underWay)
}

async function send(
  document: StockedDocument,
  connection: Client,
  stock: Stock,
  tally: Tally,
  arrival: number,
): Promise<void> {
  const status = await connection.post(document.pieces)
  const isAccepted = status === 200 || status === 201
  stock.settle(document, isAccepted)
  tally.add(status, isAccepted, arrival)
}
