// What must be true of the ledger after each fault, by the independent verifier and by the tables
// alone: one log without a gap, and every acknowledged document in it, once, with its receipt.
import { openLedgerReader } from '../../packages/ledger/src/stores.ts'
import { verifierKey } from '../../packages/ledger/src/testing/test-log.ts'
import { readLogFile } from '../../packages/receiver/src/http/log-files.ts'
import { type Checkpoint, openCheckpoint, readKey } from '../independent/checkpoint.ts'
import { verifyGrowth, verifyLog } from '../independent/verify-log.ts'
import type { Cluster } from './cluster.ts'
import type { Acknowledged } from './load.ts'

export type Checked = { readonly head: Checkpoint; readonly lost: readonly string[] }

/**
 * `before`: what was checked last, which the log must continue. Throws what is wrong with the log.
 */
export async function checkLedger(
  cluster: Cluster,
  folder: string,
  acknowledged: ReadonlyMap<string, Acknowledged>,
  before: Checkpoint | undefined,
): Promise<Checked> {
  const known = [...acknowledged.values()]
  const reader = openLedgerReader(folder)
  try {
    const note = Buffer.from((await readLogFile('checkpoint', reader.log)).body)
    // The log grows meanwhile: its checkpoint stays this one.
    const fetch = async (path: string) =>
      path === 'checkpoint' ? note : Buffer.from((await readLogFile(path, reader.log)).body)
    const { head } = await verifyLog(fetch, verifierKey)
    if (before !== undefined) await verifyGrowth(fetch, before, openCheckpoint(note, readKey(verifierKey)))
    return { head, lost: await findLost(cluster, known) }
  } finally {
    await reader.close()
  }
}

async function findLost(cluster: Cluster, known: readonly Acknowledged[]): Promise<string[]> {
  const rows = await cluster.ask(
    `SELECT document_id AS id, d.leaf_index AS index, encode(sha256(r.octets), 'hex') AS receipt
    FROM seg.documents d JOIN seg.receipts r ON r.leaf_index = d.leaf_index`,
  )
  const stored = new Map(rows.map(row => [String(row.id), row]))
  const [{ count }] = (await cluster.ask(
    `SELECT COUNT(*) FILTER (WHERE type = 'accepted') - (SELECT COUNT(*) FROM seg.documents) AS count
    FROM seg.transactions`,
  )) as [{ count: string }]
  if (Number(count) !== 0) throw new Error(`${count} entries accept a document twice`)
  return known
    .filter(({ id, index, receipt }) => {
      const found = stored.get(id)
      return Number(found?.index ?? -1) !== index || found?.receipt !== receipt
    })
    .map(({ id }) => id)
}
