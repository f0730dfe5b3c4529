// Kill -9 at random moments: what was acknowledged is there, whole, and nothing else shows that is
// not.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { atLength } from '@seg/core/testing/length'
import { seededInt } from '@seg/core/testing/random'
import t from 'tap'
import type { AcceptedDocument, Ledger } from '../ledger.ts'
import { checks } from '../testing/entry-sealer.ts'
import { collect, keptOf, makeFolder, makeSample, readBytes, sender } from '../testing/sample-documents.ts'
import { openTestLedger } from '../testing/test-ledger.ts'
import { verifierKey } from '../testing/test-log.ts'
import { verifyLedger } from '../verification/verify-ledger.ts'
import { openSqliteEvidence } from './evidence.ts'

/** More with `pnpm kills`. */
const KILLS = Number(process.env.KILL_ROUNDS ?? atLength(3, 12))
const acceptForever = join(import.meta.dirname, '../testing/accept-forever.ts')

t.test(`${KILLS} kills or more lose no acknowledged document and show no partial one`, async t => {
  const folder = await makeFolder(t)
  const places = new Map<string, number>()
  let leftovers = 0
  // Some kills must hit a document half-way; few rounds may not.
  for (let round = 0; round < KILLS || (leftovers === 0 && round < 10 * KILLS); round++) {
    const acknowledged = await acceptAndKill(folder, `round${round}`)
    leftovers += (await readdir(join(folder, 'staging')).catch(() => [])).length
    const ledger = await openTestLedger(folder)
    t.same(await readdir(join(folder, 'staging')), [], 'the start sweeps staging')

    const visible = await collect(ledger.list())
    const changed = visible.filter(({ id, index }) => (places.get(id) ?? index) !== index)
    const fresh = visible.filter(({ id }) => !places.has(id))
    t.same(changed, [], 'no document changes its place in the order')
    t.equal(new Set(visible.map(({ index }) => index)).size, visible.length, 'no two documents have one place')
    t.same(
      await damaged(fresh, ledger, acknowledged),
      [],
      `all ${fresh.length} new documents are whole, with the receipts that were answered`,
    )
    for (const { id, index } of fresh) places.set(id, index)
    t.same(
      [...acknowledged.keys()].filter(id => !places.has(id)),
      [],
      `all ${acknowledged.size} acknowledged documents are there`,
    )
    t.same(outOfOrder([...acknowledged.keys()], places), [], 'later documents have higher places')
    await ledger.close()
    if (round % 10 === 5)
      t.equal(await verifiedDocuments(folder), places.size, 'the log verifies, from the documents up')
  }
  t.ok(places.size > KILLS, `${places.size} documents in all`)
  t.ok(leftovers > 0, `${leftovers} documents were cut off half-way, so the kills did hit`)

  const ledger = await openTestLedger(folder)
  t.teardown(() => ledger.close())
  const all = await collect(ledger.list())
  t.equal(all.length, places.size)
  t.same(await damaged(all, ledger, new Map()), [], 'and all are whole at the end')
})

/**
 * The ids that the process acknowledged before it was killed, with the digests of their receipts.
 */
async function acceptAndKill(folder: string, name: string): Promise<ReadonlyMap<string, string>> {
  const child = spawn(process.execPath, [acceptForever, folder, name], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  const output = createInterface({ input: child.stdout })
  output.on('line', line => lines.push(line))
  // However fast the machine is: in the middle of its work.
  const count = seededInt(60)
  while (lines.length <= count) await once(output, 'line')
  await pause(seededInt(3))
  child.kill('SIGKILL')
  await Promise.all([once(child, 'close'), once(output, 'close')])
  return new Map(lines.slice(1).map(line => line.split(' ') as [string, string]))
}

async function verifiedDocuments(folder: string): Promise<number> {
  const verifying = verifyLedger(openSqliteEvidence(folder), verifierKey, checks)
  for (let step = await verifying.next(); ; step = await verifying.next()) if (step.done) return step.value.documents
}

/** The ids of documents whose bytes, receipt or record are not what was accepted. */
async function damaged(
  documents: readonly AcceptedDocument[],
  ledger: Ledger,
  receipts: ReadonlyMap<string, string>,
): Promise<string[]> {
  const ids: string[] = []
  for (const listed of documents) {
    const { id, bytes: size, index } = listed
    const { document, bytes } = makeSample(id, { size })
    const [storedBytes, storedReceipt] = await Promise.all([readBytes(ledger, sender, id), ledger.receipt(sender, id)])
    const digest = storedReceipt && createHash('sha256').update(storedReceipt).digest('hex')
    const isAnswered = digest === (receipts.get(id) ?? digest)
    const isWhole = storedBytes?.equals(bytes) && isAnswered && isDeepStrictEqual(listed, keptOf(document, index))
    if (!isWhole || !Number.isSafeInteger(index)) ids.push(id)
  }
  return ids
}

/** In each lane a document was begun after the one before it was acknowledged. */
function outOfOrder(acknowledged: readonly string[], places: ReadonlyMap<string, number>): string[] {
  const last = new Map<string, number>()
  return acknowledged.filter(id => {
    const lane = id.split('.')[1]!
    const place = places.get(id)!
    const isLater = place > (last.get(lane) ?? -1)
    last.set(lane, place)
    return !isLater
  })
}
