// A mirror of the log, which outlives a database that was restored to an earlier point or a disk
// that failed. It keeps only what a signed checkpoint covers, and never replaces what it has by
// another history.
import { amount, Fault } from '@seg/core'
import type { LogReader } from '../ledger.ts'
import { isSignedWith, openCheckpoint, parseVerifierKey } from '../log/checkpoint.ts'
import { LogTree } from '../log/log-tree.ts'
import { EMPTY_ROOT, hashLeaf, type TreeHead } from '../log/merkle.ts'
import { splitEntries, TILE_WIDTH } from '../log/tiles.ts'
import { type Bundle, MirrorFiles } from './mirror-files.ts'

/** `logPub`: the lines of log.pub, one of which has signed each checkpoint. */
export type LogMirror = {
  readonly size: number
  /**
   * Copies what is new. Throws the Fault `log-invalid` when the log does not continue what is
   * mirrored, after which nothing more is copied, and those of the log.
   */
  follow(log: LogReader, logPub: readonly string[]): Promise<TreeHead>
  close(): void
}

/**
 * Opens the mirror in `folder`, and verifies what it has. Throws the Faults `configuration`,
 * `storage-unavailable` and `log-invalid`.
 */
export async function openLogMirror(folder: string, logPub: readonly string[]): Promise<LogMirror> {
  const files = await MirrorFiles.open(folder)
  try {
    return await VerifiedMirror.open(folder, files, logPub)
  } catch (error) {
    files.close()
    throw error
  }
}

type Shown = { readonly note: string; readonly head: TreeHead }

class VerifiedMirror implements LogMirror {
  readonly #files: MirrorFiles
  /** Undefined after a failure: it is then read from the files again. */
  #tree: LogTree | undefined
  #latest: Shown | undefined
  #refused: Fault | undefined

  private constructor(files: MirrorFiles, tree: LogTree, latest: Shown | undefined) {
    this.#files = files
    this.#tree = tree
    this.#latest = latest
  }

  static async open(folder: string, files: MirrorFiles, logPub: readonly string[]): Promise<VerifiedMirror> {
    const note = await files.latest()
    const latest = note === undefined ? undefined : { note, head: openNote(note, logPub) }
    await files.dropIncoming()
    const tree = await readTree(files, latest)
    if (latest !== undefined && !isSame(tree.head, latest.head))
      throw new Fault(
        'log-invalid',
        `the mirror in ${folder} has not the entries of its checkpoint: it is damaged; keep it, and mirror elsewhere`,
      )
    return new VerifiedMirror(files, tree, latest)
  }

  get size(): number {
    return this.#latest?.head.size ?? 0
  }

  async follow(log: LogReader, logPub: readonly string[]): Promise<TreeHead> {
    if (this.#refused !== undefined) throw this.#refused
    const note = await log.checkpoint()
    if (note === undefined) {
      if (this.#latest !== undefined) throw await this.#refuse('is empty', {})
      return { size: 0, root: EMPTY_ROOT }
    }
    const head = openNote(note, logPub)
    if (this.#latest === undefined || head.size > this.size) return this.#extendOrForget(log, { note, head })
    if (head.size < this.size)
      throw await this.#refuse(`ends with entry ${head.size - 1}, ${amount(this.size, 'entry')} are mirrored`, { note })
    if (!head.root.equals(this.#latest.head.root))
      throw await this.#refuse(`has another root at ${amount(head.size, 'entry')}`, { note }, 'fork')
    return head
  }

  close(): void {
    this.#files.close()
  }

  async #extendOrForget(log: LogReader, shown: Shown): Promise<TreeHead> {
    try {
      return await this.#extend(log, shown)
    } catch (error) {
      this.#tree = undefined
      throw error
    }
  }

  /**
   * Crash on the way: entries beside the mirror, or verified ones beyond the checkpoint, which are
   * copied again. After the checkpoint is put: all of it is there.
   */
  async #extend(log: LogReader, shown: Shown): Promise<TreeHead> {
    this.#tree ??= await readTree(this.#files, this.#latest)
    const tree = this.#tree
    const from = this.size
    for (const { index, width } of bundlesOf(from, shown.head.size)) {
      const octets = await log.entries(index, width)
      if (octets === undefined) throw new Fault('storage-unavailable', `the log does not show its entries of ${index}`)
      const known = Math.max(0, from - index * TILE_WIDTH)
      const mirrored = known === 0 ? undefined : await this.#files.entries(index, known)
      const leaves = splitEntries(octets)
      if (leaves.length !== width || mirrored?.equals(octets.subarray(0, mirrored.length)) === false)
        throw await this.#refuse(`shows other entries in bundle ${index} than are mirrored`, {
          note: shown.note,
          entries: octets,
        })
      for (const leaf of leaves.slice(known)) tree.append(hashLeaf(leaf))
      await this.#files.putIncoming({ index, width }, octets)
    }
    // The leaves that were mirrored, and the new ones: their root proves that nothing was changed.
    if (!isSame(tree.head, shown.head))
      throw await this.#refuse(`does not continue the ${amount(from, 'entry')} that are mirrored`, { note: shown.note })
    await this.#files.takeIncoming(bundlesOf(from, shown.head.size))
    await this.#files.putCheckpoint(shown.note)
    this.#latest = shown
    const last = bundleOf(shown.head.size - 1, shown.head.size)
    for (const index of new Set([Math.floor(from / TILE_WIDTH), last.index]))
      await this.#files.dropShorter(index, index === last.index ? last.width : TILE_WIDTH)
    return shown.head
  }

  async #refuse(
    found: string,
    shown: { note?: string; entries?: Buffer | undefined },
    kind: 'fork' | 'notes' | 'entries' = shown.entries === undefined ? 'notes' : 'entries',
  ): Promise<Fault> {
    const place = await this.#files.keepEvidence(kind, {
      mirrored: this.#latest?.note,
      shown: shown.note,
      entries: shown.entries,
    })
    const kept = place === undefined ? 'of such contradictions the first ones are kept' : `both sides are in ${place}`
    const detail = `the log ${found}: its history was rewritten, or its end is lost; ${kept}`
    this.#refused = new Fault('log-invalid', detail)
    return this.#refused
  }
}

/** Those with entries of [from, to): one after the other, for a signed size may be any number. */
function* bundlesOf(from: number, to: number): Generator<Bundle> {
  for (let first = from; first < to; first = (Math.floor(first / TILE_WIDTH) + 1) * TILE_WIDTH)
    yield bundleOf(first, to)
}

/** The one with this entry, as wide as the log of `to` entries has it. */
function bundleOf(entry: number, to: number): Bundle {
  const index = Math.floor(entry / TILE_WIDTH)
  return { index, width: Math.min(TILE_WIDTH, to - index * TILE_WIDTH) }
}

/** Of what the checkpoint covers. */
async function readTree(files: MirrorFiles, latest: Shown | undefined): Promise<LogTree> {
  const tree = new LogTree(noTile)
  for (const { index, width } of bundlesOf(0, latest?.head.size ?? 0)) {
    const octets = await files.entries(index, width)
    // Whoever compares the tree with the checkpoint finds that it is shorter.
    if (octets === undefined) break
    for (const leaf of splitEntries(octets)) tree.append(hashLeaf(leaf))
  }
  return tree
}

function openNote(note: string, logPub: readonly string[]): TreeHead {
  const verifiers = logPub.map(parseVerifierKey)
  const signer = verifiers.find(verifier => isSignedWith(note, verifier)) ?? verifiers[0]
  if (signer === undefined) throw new Fault('configuration', 'expected the key of the log in log.pub, found none')
  return openCheckpoint(note, signer)
}

function isSame(one: TreeHead, other: TreeHead): boolean {
  return one.size === other.size && one.root.equals(other.root)
}

function noTile(): never {
  throw new TypeError('the right edge of the tree has all that its root needs')
}
