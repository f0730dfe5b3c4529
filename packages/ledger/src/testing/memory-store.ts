// What a ledger in memory has stored, for the second implementation of the port: tables as a
// database would have them, and no rule of its own about what goes into them.
import type { Batch, LogEnd } from '../batch/compose-batch.ts'
import type { StoredContent } from '../batch/requests.ts'
import { splitFingerprints } from '../certificate-chain.ts'
import type { AcceptedDocument, DeadLetter } from '../ledger.ts'
import type { KeyRange } from '../log/log-keys.ts'
import { LogTree } from '../log/log-tree.ts'
import { hashLeaf } from '../log/merkle.ts'

export type StoredAcceptance = {
  readonly document: AcceptedDocument
  readonly fingerprints: string
  readonly octets: Buffer
  readonly receipt: Buffer
}

export class MemoryStore {
  isOpen = false
  readonly entries: Batch['entries'][number][] = []
  readonly acceptances = new Map<number, StoredAcceptance>()
  readonly certificates = new Map<string, Buffer>()
  readonly tiles = new Map<string, Batch['tiles'][number]>()
  readonly checkpoints = new Map<number, string>()
  readonly keys: KeyRange[]
  readonly cursors = new Map<string, number>()
  readonly deadLetters: DeadLetter[] = []

  /** `verifierKey` is that of the log that the store is bound to. */
  constructor(verifierKey: string) {
    this.keys = [{ from: 0, verifierKey }]
  }

  find(sender: string, id: string): StoredAcceptance | undefined {
    return this.documents().find(({ document }) => document.sender === sender && document.id === id)
  }

  /** In their order. */
  documents(): StoredAcceptance[] {
    return [...this.acceptances.values()]
  }

  openTree(): LogTree {
    const tree = new LogTree((level, index) => this.tiles.get(`${level}/${index}`)!.hashes)
    for (const { leaf } of this.entries) tree.append(hashLeaf(leaf))
    return tree
  }

  end(): LogEnd {
    const start = this.entries.findLastIndex(({ event }) => event.type === 'start')
    const times = this.entries.slice(Math.max(start, 0)).map(({ event }) => Date.parse(event.at))
    return { tree: this.openTree(), latest: Math.max(...times) }
  }

  /** All of a batch, or nothing. */
  write({ entries, acceptances, tiles, checkpoint, nextKey, cursors, deadLetters }: Batch): void {
    const added = new Set(acceptances.map(({ document }) => document.index))
    const isMissing = deadLetters.some(({ index }) => !this.acceptances.has(index) && !added.has(index))
    if (isMissing) throw new TypeError('a dead letter of no document')
    this.entries.push(...entries)
    for (const { document, chain, content, receipt } of acceptances) {
      const { fingerprints, certificates = [] } = chain
      this.acceptances.set(document.index, { document, fingerprints, octets: octetsIn(content), receipt })
      const names = splitFingerprints(fingerprints)
      for (const [i, der] of certificates.entries()) this.certificates.set(names[i]!, Buffer.from(der, 'base64'))
    }
    for (const tile of tiles) this.tiles.set(`${tile.level}/${tile.index}`, tile)
    if (checkpoint !== undefined) this.checkpoints.set(checkpoint.size, checkpoint.note)
    if (nextKey !== undefined) this.keys.push(nextKey)
    for (const { cursor, index, at, reason } of deadLetters) {
      if (this.deadLetters.some(letter => letter.cursor === cursor && letter.document.index === index)) continue
      this.deadLetters.push({ cursor, document: this.acceptances.get(index)!.document, at, reason })
    }
    for (const { name, index } of cursors) this.cursors.set(name, Math.max(index, this.cursors.get(name) ?? -1))
  }
}

function octetsIn(content: StoredContent): Buffer {
  if ('octets' in content) return Buffer.from(content.octets)
  throw new TypeError('a store in memory has no files')
}
