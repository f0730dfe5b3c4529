// Recomputes a ledger from the documents up, and names the first thing that does not fit: what an
// operator, or an auditor, can rely on.
import { amount, Fault, quote } from '@seg/core'
import { openCheckpoint } from '../log/checkpoint.ts'
import { LogKeys, ROTATION } from '../log/log-keys.ts'
import type { TreeHead } from '../log/merkle.ts'
import { TILE_WIDTH } from '../log/tiles.ts'
import type { Evidence, Extent, StoredEntry } from './evidence.ts'
import { DocumentCheck, type DocumentChecks } from './verify-document.ts'
import { type CheckedEntry, EntryCheck } from './verify-entry.ts'
import { TimeCheck } from './verify-times.ts'
import { TreeCheck } from './verify-tree.ts'

export type LedgerProgress = { readonly entries: number; readonly of: number }
export type VerifiedLedger = {
  readonly head: TreeHead
  readonly documents: number
  /** Documents accepted before certificates were kept: nothing proves who signed them. */
  readonly withoutCertificate: number
  /** Entries whose facts were erased. */
  readonly erased: number
  readonly checkpoints: number
  /** Starts at which the clock had been set back by more than an hour. */
  readonly setBacks: number
}

/**
 * Verifies a ledger by what its store shows, also beside a receiver that writes to it: up to the
 * checkpoint that is the latest when it begins. Yields its progress after every 256 entries.
 * Closes `evidence` at its end.
 * `logPub` is the content of log.pub: the keys that are trusted, a line each.
 *
 * Checked are, in this order for each entry: that it follows the one before and has the one form;
 * its facts, unless they were erased; its columns; for an acceptance the document's row, the way
 * from sender and id to it, its bytes under their SHA-256, its origin by the certificates that were
 * kept, its receipt, and that the receipt's leaf, facts, index, proof and checkpoint are those of
 * the log; the tree's tiles; and the signature and root of every checkpoint. Whoever holds the key
 * can still cut off the latest entries and sign what is left: that shows where checkpoints are
 * kept, with the partners.
 *
 * Throws the Fault `log-invalid` for the first thing that does not fit, and `storage-unavailable`
 * or `configuration` when it cannot be read.
 */
export async function* verifyLedger(
  evidence: Evidence,
  logPub: string,
  checks: DocumentChecks,
  now = new Date(),
): AsyncGenerator<LedgerProgress, VerifiedLedger> {
  try {
    const extent = await evidence.extent()
    const note = typeof extent.note === 'string' ? extent.note : undefined
    const keys = LogKeys.open(logPub, await evidence.logKeys(), note)
    const head = checkExtent(extent, keys)
    keys.checkEnd(head.size)
    const tree = new TreeCheck(evidence, keys)
    const entries = new EntryCheck()
    const times = new TimeCheck()
    const documents = new DocumentCheck(evidence, keys, checks)
    for (let from = 0; from < head.size; from += TILE_WIDTH) {
      const to = Math.min(from + TILE_WIDTH, head.size)
      await checkEntries(from, to, evidence, { keys, tree, entries, times, documents })
      yield { entries: to, of: head.size }
    }
    times.end(now)
    await checkNonces(evidence)
    const { count, withoutCertificate } = documents
    const { setBacks } = times
    const { checkpoints } = tree
    return { head, documents: count, withoutCertificate, erased: entries.erased, checkpoints, setBacks }
  } finally {
    await evidence.close()
  }
}

export type LedgerChecks = {
  readonly keys: LogKeys
  readonly tree: TreeCheck
  readonly entries: EntryCheck
  readonly times: TimeCheck
  readonly documents: DocumentCheck
}

/** Entries `from` to before `to`, where `tree` is that of all entries before them. */
export async function checkEntries(
  from: number,
  to: number,
  evidence: Evidence,
  { keys, tree, entries, times, documents }: LedgerChecks,
): Promise<void> {
  await tree.expectCheckpoints(from, to)
  for (const row of await readEntries(evidence, from, to)) {
    const entry = entries.check(row)
    times.check(entry)
    checkRotation(entry, keys)
    await documents.check(row, entry)
    await tree.append(entry.leaf)
  }
}

/** The key changes only where an entry under the former key declares it. */
function checkRotation({ index, event }: CheckedEntry, keys: LogKeys): void {
  const named = event?.type === 'admin' && event.action === ROTATION ? event.subject : undefined
  const used = keys.nextAfter(index)
  if (named === used) return
  const [says, follows] = [named, used].map(key => (key === undefined ? 'no other key' : quote(key)))
  throw new Fault('log-invalid', `entry ${index} names ${says} for the log, ${follows} is used after it`)
}

/** An entry that was copied, or one whose nonce is known from another. */
async function checkNonces(evidence: Evidence): Promise<void> {
  const shared = await evidence.sharedNonce()
  if (shared === undefined) return
  throw new Fault('log-invalid', `entries ${shared.first} and ${shared.last} have one nonce`)
}

/** That the latest checkpoint covers all rows, and that there are no others. */
export function checkExtent(extent: Extent, keys: LogKeys): TreeHead {
  const { size, note, entries, documents, lowestCheckpoint, tiles } = extent
  const head =
    note === undefined ? { size: 0, root: Buffer.alloc(0) } : openCheckpoint(String(note), keys.at(Number(size)))
  if ((size ?? 0) !== head.size)
    throw new Fault(
      'log-invalid',
      `the latest checkpoint stands at ${size} and speaks of ${amount(head.size, 'entry')}`,
    )
  if (typeof lowestCheckpoint === 'number' && lowestCheckpoint < 1) {
    throw new Fault('log-invalid', `a checkpoint stands at ${lowestCheckpoint}`)
  }
  const beside = [
    ...(entries === undefined || (entries.first >= 0 && entries.end === head.size) ? [] : [entries]),
    ...documents.filter(({ first, end }) => first < 0 || end > head.size),
  ][0]
  if (beside !== undefined)
    throw new Fault(
      'log-invalid',
      `the latest checkpoint speaks of ${amount(head.size, 'entry')}, ` +
        `${beside.table} has rows from ${beside.first} to ${beside.end - 1}`,
    )
  if (head.size > 0 && entries === undefined) {
    throw new Fault('log-invalid', `the latest checkpoint speaks of ${amount(head.size, 'entry')}, the log has none`)
  }
  checkTileCounts(tiles, head.size)
  return head
}

/**
 * As many full tiles of each level as there are complete subtrees of that height; which they are
 * shows when they are compared.
 */
function checkTileCounts(tiles: Extent['tiles'], size: number): void {
  const expected = new Map<unknown, number>()
  for (let count = Math.floor(size / TILE_WIDTH); count > 0; count = Math.floor(count / TILE_WIDTH))
    expected.set(expected.size, count)
  for (const level of new Set([...expected.keys(), ...tiles.keys()])) {
    const [wanted, found] = [expected.get(level) ?? 0, tiles.get(level as never) ?? 0]
    if (wanted !== found)
      throw new Fault('log-invalid', `expected ${wanted} full tiles of level ${level}, found ${found}`)
  }
}

async function readEntries(evidence: Evidence, from: number, to: number): Promise<readonly StoredEntry[]> {
  const rows = await evidence.entries(from, to)
  const missing = rows.findIndex((row, i) => row.leaf_index !== from + i)
  if (missing >= 0 || rows.length < to - from) {
    throw new Fault('log-invalid', `entry ${from + (missing >= 0 ? missing : rows.length)} is missing`)
  }
  return rows
}
