// Receivers with one ledger, and senders that spread their documents over them.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { checkAllAccepted } from '../exchange/compare.ts'
import { openGenerator } from '../exchange/orders.ts'
import { openReceiver } from '../exchange/server.ts'
import type { Outcome } from '../exchange/tally.ts'
import type { Loaded, Site } from './site.ts'

const [PAYLOAD, CONNECTIONS] = [2000, 64]

/** `count` receivers; on SQLite, of which there can be one, without `url`. */
export async function openReceivers(
  undo: AsyncDisposableStack,
  { certs, folder }: Site,
  count: number,
  url: string | undefined,
): Promise<Loaded> {
  const servers = []
  for (let i = 1; i <= count; i++) {
    const data = join(folder, `receiver-${i}`)
    await mkdir(data)
    const settings = url === undefined ? [] : ['--ledger', url, '--node', `receiver-${i}`]
    servers.push(undo.use(await openReceiver(certs, data, [], { settings })))
  }
  const generator = undo.use(openGenerator(certs, []))
  const documents = { payload: PAYLOAD, stock: 'fresh' } as const
  const ports = servers.map(({ port }) => port)
  const connect = (each: number) => generator.connect({ ports, count: each * CONNECTIONS, client: 'lean' })
  return {
    pids: servers.map(({ pid }) => pid),
    async runClosed(most) {
      await generator.sign({ payload: PAYLOAD, count: most })
      await connect(1)
      return timesOf(await generator.runClosed({ ...documents, most, seconds: 600 }))
    },
    async runOpen(rate, seconds) {
      await generator.sign({ payload: PAYLOAD, count: Math.ceil(rate * seconds * 1.2) + 100 })
      await connect(2)
      return timesOf(await generator.runOpen({ ...documents, rate, seconds, isPatient: true }))
    },
  }
}

function timesOf(outcome: Outcome) {
  checkAllAccepted(outcome)
  const { accepted, seconds, latency } = outcome
  return { accepted, seconds, p50: latency.p50, p99: latency.p99 }
}
