// The load generator: carries out the orders of its parent. Argument: the folder of certificates.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadIdentity } from '@seg/pki'
import type { Client } from './client.ts'
import { HttpsClient } from './https-client.ts'
import { LeanClient } from './lean-client.ts'
import { runClosed, runOpen } from './load.ts'
import type { Message, Orders } from './orders.ts'
import { documentId } from './press.ts'
import { EndlessStock, FreshStock, type Stock } from './stock.ts'
import { Tally } from './tally.ts'

/** How many numbers there are for documents of one size. */
const NUMBERS = 20_000_000

const [certs = ''] = process.argv.slice(2)
const signer = await loadIdentity(certs, 'sender')
const ca = await readFile(join(certs, 'ca.crt'), 'utf8')
const fresh = new Map<number, FreshStock>()
const endless = new Map<number, EndlessStock>()
let connections: Client[] = []
const clients = { lean: LeanClient, https: HttpsClient }

const orders: Orders = {
  async sign({ payload, count }) {
    const stock = fresh.get(payload) ?? (await FreshStock.open(payload, fresh.size * NUMBERS, signer))
    fresh.set(payload, stock)
    stock.fill(count)
  },
  async connect({ port, count, client }) {
    for (const connection of connections) connection.close()
    const target = { port, ca, cert: signer.certificatePem, key: signer.keyPem }
    connections = Array.from({ length: count }, () => new clients[client](target))
    for (const connection of connections) await connection.open()
  },
  async runClosed({ seconds, ...documents }) {
    const stock = await findStock(documents)
    const tally = new Tally()
    await runClosed(connections, stock, tally, seconds)
    return tally.end()
  },
  async runOpen({ payload, isFresh, ...load }) {
    const stock = await findStock({ payload, isFresh })
    const tally = new Tally()
    await runOpen(connections, stock, tally, load)
    return tally.end()
  },
  async listAccepted({ payload }) {
    return fresh.get(payload)!.accepted.map(documentId)
  },
}

async function findStock({
  payload,
  isFresh,
}: {
  readonly payload: number
  readonly isFresh: boolean
}): Promise<Stock> {
  if (isFresh) return fresh.get(payload)!
  const stock = endless.get(payload) ?? (await EndlessStock.open(payload, signer))
  endless.set(payload, stock)
  return stock
}

process.on('message', async ({ name, order }: Message) => {
  const carryOut = orders[name] as (order: object) => Promise<unknown>
  process.send!((await carryOut(order)) ?? 'done')
})
// Whatever connections are open: its work is done, or its parent gone.
process.on('disconnect', () => process.exit())
