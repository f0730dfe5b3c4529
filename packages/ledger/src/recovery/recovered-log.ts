// A log that lost its end, as evidence to be copied: the entries of an earlier ledger, those of a
// mirror, and behind them those of receipts, as far as none is missing and a signed checkpoint
// covers them. Facts come from receipts; what no receipt opens is as if its facts were erased.
import { hash } from 'node:crypto'
import { amount, Fault, quote } from '@seg/core'
import { formatFingerprints, makeCertificateChain } from '../certificate-chain.ts'
import type { CopySource } from '../copy/copy-ledger.ts'
import type { AcceptedDocument, SealableAcceptance } from '../ledger.ts'
import { isSignedWith, openCheckpoint, parseVerifierKey, sizeOfCheckpoint } from '../log/checkpoint.ts'
import { columnsOf } from '../log/entry-columns.ts'
import { type Opening, readEntry, readLeaf } from '../log/leaf.ts'
import type { KeyRange } from '../log/log-keys.ts'
import { hashLeaf, type TreeHead, verifyInclusion } from '../log/merkle.ts'
import { TILE_WIDTH } from '../log/tiles.ts'
import type { ReadMirror } from '../mirror/read-mirror.ts'
import type { Evidence, ReadOctets, StoredCheckpoint, StoredEntry, StoredValue } from '../verification/evidence.ts'

/** A receipt that was verified with its seal, and what came with it. */
export type KnownAcceptance = Pick<SealableAcceptance, 'treeSize' | 'leaf' | 'proof' | 'checkpoint'> & {
  readonly document: AcceptedDocument
  readonly opening: Opening | undefined
  readonly receipt: Buffer
  /** Of the document; undefined where it is not there. */
  readonly content: ReadOctets | undefined
  /** In DER, the sender's first; undefined where its certificates are not known. */
  readonly chain: readonly Buffer[] | undefined
}

export type Recovered = {
  readonly source: CopySource
  /** The same for the same entries, of which the same have their documents. */
  readonly origin: string
  /** Of the log as far as it can be made again; the copy proves it. */
  readonly head: TreeHead
  /** Entries that the earlier ledger has. */
  readonly kept: number
  /** Acceptances that are whole again; entries whose facts are not known. */
  readonly documents: number
  readonly unopened: number
  /** Entries that the log has shown, by all checkpoints that are known. */
  readonly shown: number
  /** Documents that were accepted beyond the end, by their receipts. */
  readonly beyond: readonly AcceptedDocument[]
}

type Parts = {
  /** An earlier state of the same ledger; its extent is read once. */
  readonly earlier: Evidence | undefined
  readonly mirror: ReadMirror
  readonly acceptances: readonly KnownAcceptance[]
  readonly logPub: readonly string[]
  readonly now: Date
}

/** Throws the Fault `log-invalid` for what is of another history, or signed with another key. */
export async function recoverLog({ earlier, mirror, acceptances, logPub, now }: Parts): Promise<Recovered> {
  const extent = await earlier?.extent()
  const notes = [...mirror.notes, ...acceptances.map(({ checkpoint }) => checkpoint)]
  const keys = earlier === undefined ? [keyOf(notes, logPub)] : await earlier.logKeys()
  const present = keys.at(-1)
  if (present === undefined) throw new Fault('configuration', 'the earlier ledger is bound to no key of a log')
  const kept = typeof extent?.note === 'string' ? headOf(extent.note, keys).size : 0
  const byIndex = new Map(acceptances.map(acceptance => [acceptance.document.index, acceptance]))
  const checkpoints = readCheckpoints(notes, kept, present)
  for (const { document, leaf, proof, treeSize } of acceptances) {
    const tree = checkpoints.get(treeSize)?.head
    if (tree !== undefined) verifyInclusion({ leafHash: hashLeaf(leaf), index: document.index, proof, tree })
  }
  let end = Math.max(kept, mirror.size)
  while (byIndex.has(end)) end++
  const sizes = [...checkpoints.keys()].filter(size => size <= end)
  const size = Math.max(kept, ...sizes)
  const last = checkpoints.get(size)
  const head = last?.head ?? headOf(String(extent?.note), keys)
  const log = new RecoveredLog({ earlier, mirror, now }, kept, byIndex)
  const byBundle = Map.groupBy(notes, note => bundleOf(sizeOfCheckpoint(note)))
  const inReach = acceptances.filter(({ document }) => document.index >= kept && document.index < size)
  const whole = inReach.filter(isWhole).map(({ document }) => document.index)
  const origin = hash('sha256', JSON.stringify([head.root.toString('hex'), kept, whole.sort((a, b) => a - b)]))
  const source: CopySource = {
    extent: async () => ({ note: last?.note ?? extent?.note }),
    entries: (from, to) => log.entries(from, to),
    checkpoints: async (from, to) => {
      const own = (await earlier?.checkpoints(from, Math.min(to, kept))) ?? []
      // Steps do not cross the end of a bundle.
      const isInStep = (size: number) => size > from && size <= to
      const seen = byBundle.get(bundleOf(to)) ?? []
      return merge(
        own,
        seen.filter(note => isInStep(sizeOfCheckpoint(note))),
      )
    },
    logKeys: async () => keys,
    content: index => log.content(index),
    receipt: index => log.receipt(index),
    certificate: fingerprint => log.certificate(fingerprint),
    cursors: async () => (await earlier?.cursors()) ?? [],
  }
  return {
    ...{ source, origin: `recovery ${origin}`, head, kept, documents: whole.length },
    unopened: size - kept - whole.length,
    shown: Math.max(size, ...checkpoints.keys()),
    beyond: acceptances.filter(({ document }) => document.index >= size).map(({ document }) => document),
  }
}

type LogParts = Pick<Parts, 'earlier' | 'mirror' | 'now'>

class RecoveredLog {
  readonly #parts: LogParts
  readonly #kept: number
  readonly #byIndex: ReadonlyMap<number, KnownAcceptance>
  readonly #certificates = new Map<string, Buffer>()

  constructor(parts: LogParts, kept: number, byIndex: ReadonlyMap<number, KnownAcceptance>) {
    this.#parts = parts
    this.#kept = kept
    this.#byIndex = byIndex
  }

  async entries(from: number, to: number): Promise<StoredEntry[]> {
    const { earlier, mirror } = this.#parts
    const own = from < this.#kept ? ((await earlier?.entries(from, Math.min(to, this.#kept))) ?? []) : []
    const first = Math.max(from, this.#kept)
    const middle = Math.min(to, Math.max(first, mirror.size))
    const mirrored = first < middle ? await mirror.leaves(first, middle) : []
    const rest = Array.from({ length: Math.max(0, to - middle) }, (_, i) => this.#byIndex.get(middle + i)!.leaf)
    return [...own, ...[...mirrored, ...rest].map((leaf, i) => this.#entry(first + i, leaf))]
  }

  async content(index: number): Promise<ReadOctets> {
    return index < this.#kept ? this.#parts.earlier!.content(index) : this.#byIndex.get(index)!.content!
  }

  async receipt(index: number): Promise<StoredValue> {
    return index < this.#kept ? this.#parts.earlier!.receipt(index) : this.#byIndex.get(index)?.receipt
  }

  async certificate(fingerprint: string): Promise<StoredValue> {
    return this.#certificates.get(fingerprint) ?? this.#parts.earlier?.certificate(fingerprint)
  }

  #entry(index: number, leaf: Buffer): StoredEntry {
    const known = this.#byIndex.get(index)
    if (known !== undefined && !known.leaf.equals(leaf))
      throw new Fault('log-invalid', `entry ${index} of the mirror is not the one of the receipt of ${nameOf(known)}`)
    const { at, type, version } = readLeaf(leaf)
    const nothing = { sender: null, document_id: null, code: null, facts: null, nonce: null }
    const none = { document: null, from_sender: null, name: null, accepted_at: null, bytes: null, sha256: null }
    const without = { ...none, reference_digest: null, chain: null, contents: [], receipt: null }
    const entry = { leaf_index: index, leaf, at, type }
    if (known === undefined || !isWhole(known)) {
      if (version === 1)
        throw new Fault(
          'log-invalid',
          `entry ${index} is of version 1, which shows its facts: its document must be there`,
        )
      return { ...entry, ...nothing, ...without, erased_at: this.#parts.now.toISOString() }
    }
    const { facts, nonce } = known.opening ?? { facts: null, nonce: null }
    const { document } = known
    return {
      ...entry,
      ...columnsOf(readEntry(leaf, known.opening)),
      ...{ facts, nonce, erased_at: null, document: index, from_sender: document.sender, name: document.id },
      ...{ accepted_at: document.acceptedAt, bytes: document.bytes, sha256: document.sha256 },
      ...{ reference_digest: document.referenceDigest, chain: this.#keepChain(known.chain), contents: ['content'] },
      receipt: index,
    }
  }

  #keepChain(chain: readonly Buffer[]): string {
    const { fingerprints } = makeCertificateChain(chain)
    for (const [i, fingerprint] of fingerprints.entries()) this.#certificates.set(fingerprint, chain[i]!)
    return formatFingerprints(fingerprints)
  }
}

type WholeAcceptance = KnownAcceptance & { readonly content: ReadOctets; readonly chain: readonly Buffer[] }

function isWhole(acceptance: KnownAcceptance): acceptance is WholeAcceptance {
  return acceptance.content !== undefined && acceptance.chain !== undefined
}

type Signed = { readonly note: string; readonly head: TreeHead }

/**
 * By their size. A log signs each size once: two roots are two histories. Beyond what the earlier
 * ledger has, all are signed with its present key: the entry that names another is one with facts.
 */
function readCheckpoints(notes: readonly string[], kept: number, { verifierKey }: KeyRange): Map<number, Signed> {
  const verifier = parseVerifierKey(verifierKey)
  const found = new Map<number, Signed>()
  for (const note of new Set(notes)) {
    const size = sizeOfCheckpoint(note)
    if (size <= kept) continue
    if (!isSignedWith(note, verifier))
      throw new Fault(
        'log-invalid',
        `the checkpoint of ${amount(size, 'entry')} is not signed with the key of the earlier ledger: the key was ` +
          'changed in the part that is lost; begin with a later backup',
      )
    const head = openCheckpoint(note, verifier)
    const other = found.get(head.size)
    if (other !== undefined && !other.head.root.equals(head.root)) throw twoHistories(size)
    found.set(head.size, other ?? { note, head })
  }
  return new Map([...found].sort(([one], [another]) => one - another))
}

function keyOf(notes: readonly string[], logPub: readonly string[]): KeyRange {
  const verifierKey = logPub.find(line => notes.some(note => isSignedWith(note, parseVerifierKey(line))))
  if (verifierKey === undefined)
    throw new Fault('log-invalid', 'expected checkpoints that a key in log.pub has signed, found none')
  return { from: 0, verifierKey }
}

function headOf(note: string, keys: readonly KeyRange[]): TreeHead {
  const size = sizeOfCheckpoint(note)
  const { verifierKey } = keys.findLast(({ from }) => from < size) ?? keys[0]!
  return openCheckpoint(note, parseVerifierKey(verifierKey))
}

/**
 * In their order, each size once. Throws the Fault `log-invalid` for two roots of one size; whether
 * the root is that of the entries is what the copy finds.
 */
function merge(own: readonly StoredCheckpoint[], seen: readonly string[]): StoredCheckpoint[] {
  const bySize = new Map(own.map(({ treeSize, note }) => [Number(treeSize), String(note)]))
  for (const note of seen) {
    const size = sizeOfCheckpoint(note)
    const other = bySize.get(size) ?? note
    if (rootOf(other) !== rootOf(note)) throw twoHistories(size)
    bySize.set(size, other)
  }
  return [...bySize].sort(([one], [another]) => one - another).map(([treeSize, note]) => ({ treeSize, note }))
}

function twoHistories(size: number): Fault {
  return new Fault('log-invalid', `two checkpoints of ${amount(size, 'entry')} have two roots: two histories`)
}

/** The lines of a checkpoint are its origin, its size and its root. */
function rootOf(note: string): string | undefined {
  return note.split('\n')[2]
}

function bundleOf(size: number): number {
  return Math.floor((size - 1) / TILE_WIDTH)
}

function nameOf({ document: { sender, id } }: KnownAcceptance): string {
  return `${quote(id)} of ${quote(sender)}`
}
