// The evidence of the ledger in memory.
import { columnsOf } from '../log/entry-columns.ts'
import type { KeyRange } from '../log/log-keys.ts'
import type { Evidence, Extent, ReadOctets, Span, StoredCheckpoint, StoredEntry } from '../verification/evidence.ts'
import type { MemoryStore } from './memory-store.ts'

export class MemoryEvidence implements Evidence {
  readonly #store: MemoryStore

  constructor(store: MemoryStore) {
    this.#store = store
  }

  async extent(): Promise<Extent> {
    const { entries, acceptances, checkpoints, tiles } = this.#store
    const last = [...checkpoints].at(-1)
    const levels = new Map<number, number>()
    for (const { level } of tiles.values()) levels.set(level, (levels.get(level) ?? 0) + 1)
    const span = spanOf('acceptances', [...acceptances.keys()])
    return {
      size: last?.[0],
      note: last?.[1],
      entries: spanOf(
        'entries',
        entries.map(({ index }) => index),
      ),
      documents: span === undefined ? [] : [span],
      lowestCheckpoint: [...checkpoints.keys()][0],
      tiles: levels,
    }
  }

  async entries(from: number, to: number): Promise<StoredEntry[]> {
    return this.#store.entries.slice(from, to).map(({ index, event, leaf, facts, nonce }) => {
      const found = this.#store.acceptances.get(index)
      const { sender, id, acceptedAt, bytes, sha256, referenceDigest } = found?.document ?? {}
      return {
        ...{ ...columnsOf(event), leaf_index: index, leaf, facts, nonce, erased_at: null },
        ...{ from_sender: sender, name: id, accepted_at: acceptedAt, bytes, sha256, reference_digest: referenceDigest },
        document: found === undefined ? null : index,
        chain: found?.fingerprints,
        contents: found === undefined ? [] : ['octets'],
        receipt: found === undefined ? null : index,
      }
    })
  }

  async checkpoints(from: number, to: number): Promise<StoredCheckpoint[]> {
    return [...this.#store.checkpoints]
      .filter(([size]) => size > from && size <= to)
      .map(([treeSize, note]) => ({ treeSize, note }))
  }

  async checkpoint(size: number): Promise<string | undefined> {
    return this.#store.checkpoints.get(size)
  }

  async logKeys(): Promise<readonly KeyRange[]> {
    return this.#store.keys
  }

  async content(index: number): Promise<ReadOctets> {
    const { octets } = this.#store.acceptances.get(index)!
    return () => [octets]
  }

  async receipt(index: number): Promise<Buffer | undefined> {
    return this.#store.acceptances.get(index)?.receipt
  }

  async certificate(fingerprint: string): Promise<Buffer | undefined> {
    return this.#store.certificates.get(fingerprint)
  }

  async isErasedAcceptance(): Promise<boolean> {
    return false
  }

  async tile(level: number, index: number): Promise<{ hashes: Buffer; root: Buffer } | undefined> {
    return this.#store.tiles.get(`${level}/${index}`)
  }

  async find(sender: string, id: string): Promise<{ index: number; sha256: string } | undefined> {
    return this.#store.find(sender, id)?.document
  }

  async sharedNonce(): Promise<{ first: number; last: number } | undefined> {
    const seen = new Map<string, number>()
    for (const { index, nonce } of this.#store.entries) {
      const first = seen.get(nonce.toString('hex'))
      if (first !== undefined) return { first, last: index }
      seen.set(nonce.toString('hex'), index)
    }
    return undefined
  }

  async cursors(): Promise<{ name: string; index: number }[]> {
    return [...this.#store.cursors].map(([name, index]) => ({ name, index }))
  }

  async close(): Promise<void> {}
}

function spanOf(table: string, indexes: readonly number[]): Span | undefined {
  if (indexes.length === 0) return undefined
  return { table, first: Math.min(...indexes), end: Math.max(...indexes) + 1 }
}
