// Reading the ledger in memory.
import { splitFingerprints } from '../certificate-chain.ts'
import type {
  AcceptedDocument,
  DeadLetter,
  DeadLetterPlace,
  LedgerReader,
  LogReader,
  NewestOfSender,
  StoredInHour,
} from '../ledger.ts'
import type { LogEvent } from '../log/events.ts'
import type { Opening } from '../log/leaf.ts'
import { hashLeaf } from '../log/merkle.ts'
import { formatEntries, TILE_WIDTH } from '../log/tiles.ts'
import type { MemoryStore } from './memory-store.ts'

export class MemoryReader implements LedgerReader {
  readonly log: LogReader
  readonly #store: MemoryStore

  constructor(store: MemoryStore) {
    this.#store = store
    this.log = openLogReader(store)
  }

  async find(sender: string, id: string): Promise<AcceptedDocument | undefined> {
    return this.#store.find(sender, id)?.document
  }

  async receipt(sender: string, id: string): Promise<Buffer | undefined> {
    return this.#store.find(sender, id)?.receipt
  }

  async *list(): AsyncGenerator<AcceptedDocument> {
    yield* this.#store.documents().map(({ document }) => document)
  }

  async read(sender: string, id: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const found = this.#store.find(sender, id)
    return found && pieces(found.octets)
  }

  async chain(sender: string, id: string): Promise<readonly Buffer[] | undefined> {
    const found = this.#store.find(sender, id)
    return found && splitFingerprints(found.fingerprints).map(name => this.#store.certificates.get(name)!)
  }

  async event(index: number): Promise<LogEvent | undefined> {
    return this.#store.entries[index]?.event
  }

  async opening(index: number): Promise<Opening | undefined> {
    const entry = this.#store.entries[index]
    return entry && { facts: entry.facts, nonce: entry.nonce }
  }

  async accepted(after: number, limit: number, sender?: string): Promise<AcceptedDocument[]> {
    const all = this.#store.documents().map(({ document }) => document)
    return all
      .filter(document => document.index > after && (sender === undefined || document.sender === sender))
      .slice(0, limit)
  }

  async newest(after: number): Promise<NewestOfSender[]> {
    const found = await this.accepted(after, Number.POSITIVE_INFINITY)
    return [...new Map(found.map(({ sender, index }) => [sender, { sender, index }])).values()]
  }

  async storedSince(time: string): Promise<StoredInHour[]> {
    const sums = new Map<string, StoredInHour>()
    for (const { document } of this.#store.documents()) {
      if (document.acceptedAt < time) continue
      const [sender, hour] = [document.sender, document.acceptedAt.slice(0, 13)]
      const { documents, bytes } = sums.get(`${hour} ${sender}`) ?? { documents: 0, bytes: 0 }
      sums.set(`${hour} ${sender}`, { sender, hour, documents: documents + 1, bytes: bytes + document.bytes })
    }
    return [...sums.values()]
  }

  async cursor(name: string): Promise<number> {
    return this.#store.cursors.get(name) ?? -1
  }

  async *deadLetters(): AsyncGenerator<DeadLetter> {
    yield* this.#store.deadLetters.toSorted((a, b) => a.document.index - b.document.index)
  }

  async deadLetterPage(limit: number, from: DeadLetterPlace): Promise<DeadLetter[]> {
    const letters = this.#store.deadLetters.toSorted((a, b) => b.document.index - a.document.index)
    const indexes = [...new Set(letters.map(({ document }) => document.index))]
    const near = 'below' in from ? indexes : indexes.reverse()
    const page = near.filter(index => ('below' in from ? index < from.below : index > from.above)).slice(0, limit)
    return letters.filter(({ document }) => page.includes(document.index))
  }

  async close(): Promise<void> {}
}

async function* pieces(octets: Buffer): AsyncGenerator<Uint8Array> {
  yield octets
}

function openLogReader(store: MemoryStore): LogReader {
  const hashes = (level: number, index: number): Buffer[] => {
    const from = index * TILE_WIDTH
    if (level === 0) return store.entries.slice(from, from + TILE_WIDTH).map(({ leaf }) => hashLeaf(leaf))
    const below = Array.from({ length: TILE_WIDTH }, (_, i) => store.tiles.get(`${level - 1}/${from + i}`))
    return below.flatMap(tile => (tile === undefined ? [] : [tile.root]))
  }
  return {
    size: async () => store.entries.length,
    checkpoint: async () => [...store.checkpoints.values()].at(-1),
    tile: async (level, index, width) => {
      const found = hashes(level, index)
      return found.length < width ? undefined : Buffer.concat(found.slice(0, width))
    },
    entries: async (index, width) => {
      const found = store.entries.slice(index * TILE_WIDTH, index * TILE_WIDTH + width)
      return found.length < width ? undefined : formatEntries(found.map(({ leaf }) => leaf))
    },
  }
}
