// A node of a ledger alone, without TLS and without signatures of senders, as a process of its own:
// `ledger-node.ts CERTS FOLDER NAME [URL]`. Receipts are sealed and the log is signed as by a
// receiver. It answers each load with its Outcome.
import { loadLogKey, loadSeal } from '@seg/pki'
import { makeSample } from '../../packages/ledger/src/testing/sample-documents.ts'
import { acceptBytes } from '../../packages/ledger/src/testing/test-log.ts'
import { openSealedLedger } from '../../packages/receiver/src/open-ledger.ts'
import type { Client } from '../clients/client.ts'
import { runClosed, runOpen } from '../exchange/load.ts'
import type { Stock } from '../exchange/stock.ts'
import { Tally } from '../exchange/tally.ts'
import type { NodeLoad } from './ledger-nodes.ts'

const [certs = '', folder = '', name = '', url] = process.argv.slice(2)
const seal = await loadSeal(certs)
const place = url === undefined ? {} : { address: { ledger: url, password: undefined }, node: name }
const ledger = await openSealedLedger(folder, seal, await loadLogKey(certs, seal.id), undefined, place)
let made = 0

/** What others send over a connection is made here. */
const client: Client = {
  async open() {},
  async post() {
    const { document, bytes } = makeSample(`${name}-${made++}`, { size: 2500 })
    await acceptBytes(ledger, { ...document, acceptedAt: new Date().toISOString() }, bytes)
    return 201
  },
  close() {},
}
const stock: Stock = { take: () => ({ number: made, pieces: [] }), settle() {} }

process.on('message', async ({ clients, ...load }: NodeLoad) => {
  const tally = new Tally()
  const all = Array.from({ length: clients }, () => client)
  if ('rate' in load) await runOpen(all, stock, tally, { ...load, isPatient: true })
  else await runClosed(all, stock, tally, { ...load, seconds: 600 })
  process.send!(tally.end())
})
process.on('disconnect', async () => {
  await ledger.close()
  process.exit()
})
process.send!('open')
