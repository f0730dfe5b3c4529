// Documents being received: how many there may be at once, which bounds the memory that all of
// them take together, and how fast they may follow one another.
import { HELD_IN_MEMORY, type Ledger, type Staging } from '@seg/ledger'
import type { PartnerLimits } from '@seg/pki'
import { DOCUMENT_OVERHEAD } from '../acceptance/storage-room.ts'
import type { Taking, UploadShares } from '../shares/upload-shares.ts'

type Stages = Pick<Ledger, 'stage'>

/** Whose it is, what the record of that partner says, and the bytes that are announced. */
type Uploader = { readonly partner: string; readonly own?: PartnerLimits | undefined; readonly announced: number }

export type Uploads = {
  /**
   * Throws the Faults `overloaded` when too many documents are being received, `rate-limit` when
   * too many are the partner's or came too fast, and `storage-unavailable` when there is no room
   * for more.
   */
  begin(ledger: Stages, uploader: Uploader): Promise<Upload>
  /** A test document, which counts as one, and is rarer. Throws as `begin` does. */
  beginProbe(ledger: Stages, uploader: Uploader): Promise<Upload>
  /**
   * A receipt or a file of the log that is being sent; the function ends it. Throws the Faults
   * `overloaded` and `rate-limit`.
   */
  beginRead(partner: string, own?: PartnerLimits): Promise<() => void>
  /** How many documents are being received, and how many of them are large. */
  active(): { readonly all: number; readonly large: number }
}

export function openUploads(shares: UploadShares): Uploads {
  const open = (take: UploadShares['takeDocument']): Uploads['begin'] => {
    return async (ledger, { partner, own = {}, announced }) => {
      const taking = take(partner, own, announced)
      if (taking !== undefined) await taking
      return new Upload(ledger.stage(), partner, shares)
    }
  }
  return {
    begin: open(shares.takeDocument),
    beginProbe: open(shares.takeProbe),
    async beginRead(partner, own = {}) {
      await shares.takeRead(partner, own)
      return () => shares.giveBack(partner, { reads: 1 })
    },
    active: shares.active,
  }
}

/**
 * One document being received, which is counted. Disposing of it removes what was staged and not
 * accepted.
 */
export class Upload implements AsyncDisposable {
  readonly staging: Staging
  readonly #partner: string
  readonly #shares: UploadShares
  #isLarge = false
  /** Bytes of the room that were taken, and are not stored yet. */
  #bytes = DOCUMENT_OVERHEAD
  /** What is asked of another process. */
  #taking: Promise<void> | undefined

  constructor(staging: Staging, partner: string, shares: UploadShares) {
    this.staging = staging
    this.#partner = partner
    this.#shares = shares
  }

  /**
   * Whether there is room for as many bytes as are announced; the promise, if there is one, must be
   * waited for. Throws the Faults `storage-unavailable` and `rate-limit`.
   */
  expect(bytes: number): Taking {
    const checking = this.#shares.checkRoom(this.#partner, bytes)
    this.staging.expect(bytes)
    return checking
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
    const becomesLarge = bytes <= HELD_IN_MEMORY && bytes + chunk.length > HELD_IN_MEMORY
    const large = becomesLarge ? this.#shares.takeLarge(this.#partner) : undefined
    if (becomesLarge && large === undefined) this.#isLarge = true
    if (large !== undefined) return this.#askThenWrite(chunk, large)
    const room = this.#shares.takeRoom(this.#partner, chunk.length)
    if (room !== undefined) return this.#askThenWrite(chunk, undefined, room)
    this.#bytes += chunk.length
    return this.staging.write(chunk)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#taking?.catch(() => {})
    await this.staging.discard()
    this.#shares.giveBack(this.#partner, { documents: 1, large: Number(this.#isLarge), bytes: this.#bytes })
    this.#bytes = 0
  }

  /** What is taken in the end is ours to give back, also when the request has ended meanwhile. */
  #askThenWrite(chunk: Uint8Array, large: Promise<void> | undefined, room?: Promise<void>): Promise<void> {
    this.#taking = (async () => {
      if (large !== undefined) {
        await large
        this.#isLarge = true
      }
      await (room ?? this.#shares.takeRoom(this.#partner, chunk.length))
      this.#bytes += chunk.length
    })()
    return this.#taking.then(() => this.staging.write(chunk))
  }
}
