// Documents being received: how many there may be at once, which bounds the memory that all of
// them take together, and how fast they may follow one another.
import { HELD_IN_MEMORY, type Ledger, type Staging } from '@seg/ledger'
import type { PartnerLimits } from '@seg/pki'
import { DOCUMENT_OVERHEAD, type StorageRoom } from '../acceptance/storage-room.ts'
import type { ReceiverLimits } from '../limits.ts'
import { Places, Rates } from '../shares/partner-shares.ts'

export type Uploads = {
  /**
   * Throws the Faults `overloaded` when too many documents are being received, `rate-limit` when
   * too many are the partner's or came too fast, and `storage-unavailable` when there is no room
   * for more. `own`: what the record of the partner says.
   */
  begin(ledger: Ledger, partner: string, now: Date, own?: PartnerLimits): Upload
  /** A test document, which counts as one, and is rarer. Throws as `begin` does. */
  beginProbe(ledger: Ledger, partner: string, now: Date, own?: PartnerLimits): Upload
  /**
   * A receipt or a file of the log that is being sent; the function ends it. Throws the Faults
   * `overloaded` and `rate-limit`.
   */
  beginRead(partner: string, now: Date, own?: PartnerLimits): () => void
  /** How many documents are being received, and how many of them are large. */
  active(): { readonly all: number; readonly large: number }
}

/**
 * Reads are counted apart from documents: a delivery ends with reads that prove its log, and would
 * begin again, document and all, when the document took what they need.
 */
const READS_PER_DOCUMENT = 10
const PROBES_PER_SECOND = 5

/** For one receiver. */
export function openUploads(
  { uploads, uploadsOfOne, reads, readsOfOne, largeUploads, largeUploadsOfOne, documentsPerSecond }: ReceiverLimits,
  room: StorageRoom,
): Uploads {
  const all = new Places(uploads, uploadsOfOne, 'documents are being received')
  const answers = new Places(reads, readsOfOne, 'receipts and files of the log are being sent')
  const large = new Places(
    largeUploads,
    largeUploadsOfOne,
    `documents of more than ${HELD_IN_MEMORY} bytes are being received`,
  )
  const rates = new Rates(documentsPerSecond, 'documents')
  const readRates = new Rates(documentsPerSecond * READS_PER_DOCUMENT, 'requests for receipts and the log')
  const probes = new Rates(PROBES_PER_SECOND, 'test documents')
  const begin: Uploads['begin'] = (ledger, partner, now, own = {}) => {
    rates.take(partner, now.getTime(), own.rate)
    return new Upload(ledger, { partner, own }, all, large, room)
  }
  return {
    begin,
    beginProbe(ledger, partner, now, own) {
      probes.take(partner, now.getTime())
      return begin(ledger, partner, now, own)
    },
    beginRead(partner, now, own = {}) {
      readRates.take(partner, now.getTime(), own.rate && own.rate * READS_PER_DOCUMENT)
      answers.take(partner)
      return () => answers.giveBack(partner)
    },
    active: () => ({ all: all.taken, large: large.taken }),
  }
}

type Uploader = { readonly partner: string; readonly own: PartnerLimits }

/** One document being received. Disposing of it removes what was staged and not accepted. */
export class Upload implements AsyncDisposable {
  readonly staging: Staging
  readonly #partner: string
  readonly #large: Places
  readonly #room: StorageRoom
  readonly #taken: Places[] = []
  /** Bytes of the room that were taken, and are not stored yet. */
  #bytes = 0

  constructor(ledger: Ledger, { partner, own }: Uploader, all: Places, large: Places, room: StorageRoom) {
    this.#partner = partner
    this.#large = large
    this.#room = room
    room.check(partner, DOCUMENT_OVERHEAD)
    this.#take(all, own.concurrency)
    this.#takeRoom(DOCUMENT_OVERHEAD)
    this.staging = ledger.stage()
  }

  /**
   * Whether there is room for as many bytes as are announced. Throws the Faults
   * `storage-unavailable` and `rate-limit`.
   */
  expect(bytes: number): void {
    this.#room.check(this.#partner, bytes)
    this.staging.expect(bytes)
  }

  /** What was taken is stored now. */
  keep(): void {
    this.#bytes = 0
  }

  /**
   * Takes the next piece as staging does; the promise, if there is one, must be waited for. Throws
   * the Faults `overloaded`, `rate-limit` and `storage-unavailable`.
   */
  write(chunk: Uint8Array): Promise<void> | undefined {
    const { bytes } = this.staging
    if (bytes <= HELD_IN_MEMORY && bytes + chunk.length > HELD_IN_MEMORY) this.#take(this.#large)
    this.#takeRoom(chunk.length)
    return this.staging.write(chunk)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.staging.discard()
    for (const places of this.#taken.splice(0)) places.giveBack(this.#partner)
    this.#room.giveBack(this.#partner, this.#bytes)
    this.#bytes = 0
  }

  #takeRoom(bytes: number): void {
    this.#room.take(this.#partner, bytes)
    this.#bytes += bytes
  }

  #take(places: Places, most?: number): void {
    places.take(this.#partner, most)
    this.#taken.push(places)
  }
}
