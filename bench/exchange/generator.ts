// The load generator: carries out the orders of its parent. Argument: the folder of certificates.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadIdentity } from '@seg/pki'
import type { Client } from '../clients/client.ts'
import { HttpsClient } from '../clients/https-client.ts'
import { LeanClient } from '../clients/lean-client.ts'
import { UndiciClient } from '../clients/undici-client.ts'
import { runClosed, runOpen } from './load.ts'
import type { Message, Orders } from './orders.ts'
import { documentId } from './press.ts'
import { EndlessStock, FreshStock, RepeatedStock, type Stock, type StockKind } from './stock.ts'
import { Tally } from './tally.ts'

/** How many numbers there are for documents of one size. */
const NUMBERS = 20_000_000

const [certs = ''] = process.argv.slice(2)
const signer = await loadIdentity(certs, 'sender')
const ca = await readFile(join(certs, 'ca.crt'), 'utf8')
const fresh = new Map<number, FreshStock>()
const endless = new Map<number, EndlessStock>()
const repeated = new Map<number, RepeatedStock>()
let connections: Client[] = []
const clients = { lean: LeanClient, https: HttpsClient, undici: UndiciClient }

const orders: Orders = {
  async sign({ payload, count }) {
    const stock = fresh.get(payload) ?? (await FreshStock.open(payload, fresh.size * NUMBERS, signer))
    fresh.set(payload, stock)
    stock.fill(count)
  },
  async rewind({ payload, count }) {
    const stock = repeated.get(payload) ?? (await RepeatedStock.open(payload, signer))
    repeated.set(payload, stock)
    stock.rewind(count)
  },
  async connect({ ports, count, client }) {
    for (const connection of connections) connection.close()
    const target = { ca, cert: signer.certificatePem, key: signer.keyPem }
    const open = (_: unknown, i: number) => new clients[client]({ ...target, port: ports[i % ports.length]! })
    connections = Array.from({ length: count }, open)
    for (const connection of connections) await connection.open()
  },
  async runClosed({ payload, stock: kind, ...load }) {
    const stock = await findStock({ payload, stock: kind })
    const tally = new Tally()
    await runClosed(connections, stock, tally, load)
    return tally.end()
  },
  async runOpen({ payload, stock: kind, ...load }) {
    const stock = await findStock({ payload, stock: kind })
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
  stock: kind,
}: {
  readonly payload: number
  readonly stock: StockKind
}): Promise<Stock> {
  if (kind === 'fresh') return fresh.get(payload)!
  if (kind === 'repeated') return repeated.get(payload)!
  const stock = endless.get(payload) ?? (await EndlessStock.open(payload, signer))
  endless.set(payload, stock)
  return stock
}

process.on('message', async ({ name, order }: Message) => {
  const carryOut = orders[name] as (order: object) => Promise<unknown>
  process.send!((await carryOut(order)) ?? 'done')
})
// Also with open connections: its work is done, or its parent has ended.
process.on('disconnect', () => process.exit())
