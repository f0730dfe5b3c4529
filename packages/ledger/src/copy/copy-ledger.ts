// A ledger of any store copied into an empty one: what its evidence shows, 256 entries in a
// transaction. The tree is computed anew, so each checkpoint on the way proves the copy so far.
import { amount, Fault } from '@seg/core'
import type { DeadLetter } from '../ledger.ts'
import { openCheckpoint, sizeOfCheckpoint } from '../log/checkpoint.ts'
import { type KeyRange, LogKeys } from '../log/log-keys.ts'
import type { CompletedTile, LogTree } from '../log/log-tree.ts'
import { hashLeaf, type TreeHead } from '../log/merkle.ts'
import { TILE_WIDTH } from '../log/tiles.ts'
import { type Evidence, octetsOf, type StoredCheckpoint, type StoredEntry } from '../verification/evidence.ts'

/** What is copied: evidence, of which the latest checkpoint is the end. */
export type CopySource = Pick<
  Evidence,
  'entries' | 'checkpoints' | 'logKeys' | 'content' | 'receipt' | 'certificate' | 'cursors'
> & { extent(): Promise<{ readonly note: unknown }> }

/** Some entries with all that belongs to them. */
export type CopyStep = {
  readonly rows: readonly StoredEntry[]
  readonly tiles: readonly CompletedTile[]
  readonly checkpoints: readonly StoredCheckpoint[]
  /** Of the log with them. */
  readonly head: TreeHead
}

export type CopiedRest = {
  readonly keys: readonly KeyRange[]
  readonly cursors: readonly { readonly name: string; readonly index: number }[]
  readonly deadLetters: AsyncIterable<DeadLetter>
}

/** The store that is copied into. Every method throws the Fault `storage-unavailable`. */
export type CopyTarget = {
  /** What an earlier run has copied. */
  head(): Promise<TreeHead>
  /** The tree of that; `known` is that of the step before, which has it or is ahead. */
  openTree(head: TreeHead, known: LogTree | undefined): Promise<LogTree>
  /** In one transaction, with the documents that the source has for the rows. */
  put(source: CopySource, step: CopyStep): Promise<void>
  /** What is no part of the log: small, and put anew by each run. */
  putRest(rest: CopiedRest): Promise<void>
}

export type CopyProgress = { readonly entries: number; readonly of: number }

/**
 * From where an earlier run ended. Crash on the way: whole steps, in a store that no receiver
 * starts with; the next run continues. Throws the Fault `log-invalid` when the copy has not the
 * root of each of the source's checkpoints.
 */
export async function* copyLedger(
  source: CopySource,
  target: CopyTarget,
  deadLetters: AsyncIterable<DeadLetter> = none(),
): AsyncGenerator<CopyProgress, TreeHead> {
  const { note } = await source.extent()
  if (typeof note !== 'string') throw new Fault('configuration', 'the ledger has no entries: start with an empty one')
  const ranges = await source.logKeys()
  if (ranges.length === 0)
    throw new Fault('configuration', 'the ledger is bound to no key: start its receiver once, and stop it')
  const keys = LogKeys.open(ranges.map(({ verifierKey }) => verifierKey).join('\n'), ranges, note)
  const last = openCheckpoint(note, keys.at(sizeOfCheckpoint(note)))
  let tree: LogTree | undefined
  for (;;) {
    const head = await target.head()
    if (head.size > last.size)
      throw new Fault('log-invalid', `the copy has ${amount(head.size, 'entry')}, the ledger ${last.size}`)
    tree = await target.openTree(head, tree)
    if (head.size === last.size) break
    const to = Math.min(last.size, head.size - (head.size % TILE_WIDTH) + TILE_WIDTH)
    await target.put(source, await readStep(source, keys, tree, to))
    yield { entries: to, of: last.size }
  }
  checkRoot(tree.head, last)
  await target.putRest({ keys: ranges, cursors: await source.cursors(), deadLetters })
  return last
}

async function* none(): AsyncGenerator<DeadLetter> {}

/** The tree is that of all entries before, and then of these, too. */
async function readStep(source: CopySource, keys: LogKeys, tree: LogTree, to: number): Promise<CopyStep> {
  const from = tree.size
  const rows = await source.entries(from, to)
  const checkpoints = await source.checkpoints(from, to)
  const roots = new Map(
    checkpoints.map(({ treeSize, note }) => [
      Number(treeSize),
      openCheckpoint(String(note), keys.at(Number(treeSize))),
    ]),
  )
  const tiles: CompletedTile[] = []
  for (const row of rows) {
    const leaf = octetsOf(row.leaf)
    if (leaf === undefined || row.leaf_index !== tree.size)
      throw new Fault('log-invalid', `entry ${tree.size} is missing`)
    tiles.push(...tree.append(hashLeaf(leaf)))
    const checkpoint = roots.get(tree.size)
    if (checkpoint !== undefined) checkRoot(tree.head, checkpoint)
  }
  if (tree.size !== to) throw new Fault('log-invalid', `entry ${tree.size} is missing`)
  return { rows, tiles, checkpoints, head: tree.head }
}

function checkRoot(found: TreeHead, checkpoint: TreeHead): void {
  if (found.size === checkpoint.size && found.root.equals(checkpoint.root)) return
  throw new Fault(
    'log-invalid',
    `the first ${amount(found.size, 'entry')} have the root ${found.root.toString('hex')}, the checkpoint of ` +
      `${amount(checkpoint.size, 'entry')} ${checkpoint.root.toString('hex')}: ` +
      'verify the ledger with `receiver log verify`',
  )
}
