// Room on the disk: a reserve that no document may take, and for each partner a share of what is
// free, independent of what was stored before.
import { statfs } from 'node:fs/promises'
import { Fault, quote } from '@seg/core'
import type { LedgerReader } from '@seg/ledger'
import type { Logger } from '../logger.ts'

/** In bytes. */
export type Space = { readonly free: number; readonly total: number }

export type StorageLimits = {
  /** Bytes that stay free; `auto`: 1 GiB, but a twentieth of the file system at the most. */
  readonly reserve: number | 'auto'
  /** Bytes that one partner may store in a day. */
  readonly quota: number | 'off'
}

/** A file system with fewer entries left for files is full, too. */
const FEWEST_FILES = 1024
const LARGEST_AUTO_RESERVE = 1024 ** 3
const AUTO_SHARE = 1 / 20
/**
 * What one partner stored in a day may be as many times what is still free: three quarters of what
 * was free before.
 */
const SHARE = 3
const DAY = 24 * 3600 * 1000
/** Milliseconds between two measurements; what is written between them is subtracted. */
const MEASURE_INTERVAL = 1000
/** Bytes that a document costs beside its own: receipt, log entry, rows and indices. */
export const DOCUMENT_OVERHEAD = 8 * 1024

/**
 * Bytes stored by one partner, those of long ago counting less: `at` in milliseconds, monotonic.
 */
type Stored = { bytes: number; at: number }

export async function measureSpace(folder: string): Promise<Space> {
  const { bavail, blocks, bsize, files, ffree } = await statfs(folder)
  return { free: files > 0 && ffree < FEWEST_FILES ? 0 : bavail * bsize, total: blocks * bsize }
}

/** The bytes that stay free on a file system of so many. */
export function reserveOf(reserve: StorageLimits['reserve'], total: number): number {
  return reserve === 'auto' ? Math.min(LARGEST_AUTO_RESERVE, Math.floor(total * AUTO_SHARE)) : reserve
}

/** What the ledger says was stored in the last day counts already. */
export async function openStorageRoom(
  limits: StorageLimits,
  measure: () => Promise<Space>,
  ledger: Pick<LedgerReader, 'storedSince'>,
  now: Date,
): Promise<StorageRoom> {
  const room = new StorageRoom(limits, measure, () => performance.now())
  await room.measure()
  const dayAgo = new Date(now.getTime() - DAY).toISOString()
  for (const { sender, hour, documents, bytes } of await ledger.storedSince(dayAgo)) {
    const age = now.getTime() - Date.parse(`${hour}:30:00Z`)
    room.remember(sender, bytes + documents * DOCUMENT_OVERHEAD, age)
  }
  return room
}

export class StorageRoom {
  readonly #limits: StorageLimits
  readonly #measure: () => Promise<Space>
  readonly #elapsed: () => number
  readonly #stored = new Map<string, Stored>()
  /** Bytes above the reserve that are free. */
  #left = 0
  #reserve = 0
  /** Why nothing is left. */
  #failure = ''

  /** `elapsed`: monotonic, in milliseconds. */
  constructor(limits: StorageLimits, measure: () => Promise<Space>, elapsed: () => number) {
    this.#limits = limits
    this.#measure = measure
    this.#elapsed = elapsed
  }

  async measure(): Promise<void> {
    try {
      const { free, total } = await this.#measure()
      this.#reserve = reserveOf(this.#limits.reserve, total)
      this.#left = free - this.#reserve
      this.#failure = this.#left > 0 ? '' : `${free} bytes are free, ${this.#reserve} are the reserve`
    } catch (error) {
      this.#left = 0
      this.#failure = `the free space cannot be measured: ${(error as Error).message}`
    }
    for (const [partner] of this.#stored) if (this.#storedBy(partner).bytes < 1) this.#stored.delete(partner)
  }

  /** Why there is no room above the reserve; '' when there is some. */
  get trouble(): string {
    return this.#failure
  }

  /**
   * Throws the Fault `storage-unavailable` when so many bytes would not leave the reserve, and
   * `rate-limit` when they are more than the partner's share.
   */
  check(partner: string, bytes: number): void {
    const left = this.#left - bytes
    if (left < 0 || this.#failure !== '') {
      const reason =
        this.#failure || `${this.#left} bytes are left above the reserve of ${this.#reserve}, ${bytes} are needed`
      throw new Fault('storage-unavailable', reason)
    }
    const stored = this.#storedBy(partner).bytes + bytes
    const { quota } = this.#limits
    if (quota !== 'off' && stored > quota)
      throw new Fault(
        'rate-limit',
        `${quote(partner)} may store ${quota} bytes in a day, this would be ${Math.round(stored)}`,
      )
    if (stored > SHARE * left) {
      const detail =
        `${quote(partner)} would have stored ${Math.round(stored)} bytes in a day, ` +
        `more than its share: ${left} are left for all`
      throw new Fault('rate-limit', detail)
    }
  }

  /** Whether `check` would throw nothing. */
  hasRoom(partner: string, bytes: number): boolean {
    try {
      this.check(partner, bytes)
      return true
    } catch {
      return false
    }
  }

  /** Throws as `check` does. */
  take(partner: string, bytes: number): void {
    this.check(partner, bytes)
    this.#left -= bytes
    const stored = this.#storedBy(partner)
    stored.bytes += bytes
    this.#stored.set(partner, stored)
  }

  /** For what was taken and not stored. */
  giveBack(partner: string, bytes: number): void {
    this.#left += bytes
    const stored = this.#storedBy(partner)
    stored.bytes = Math.max(0, stored.bytes - bytes)
  }

  /** What was stored before a start counts on; `age` in milliseconds. */
  remember(partner: string, bytes: number, age: number): void {
    const stored = this.#storedBy(partner)
    stored.bytes += bytes * Math.min(1, Math.max(0, 1 - age / DAY))
    this.#stored.set(partner, stored)
  }

  /**
   * Measures until `close` is called, and logs once when there is no room, and once when there is
   * again.
   */
  watch(logger: Pick<Logger, 'error' | 'info'>): { close(): void } {
    let wasFull = false
    const look = async () => {
      await this.measure()
      const isFull = this.#failure !== ''
      if (isFull && !wasFull)
        logger.error(
          `no documents are accepted: ${this.#failure}; ` +
            'free space on the disk, move the data folder to a larger one, or set --disk-reserve',
        )
      if (!isFull && wasFull) logger.info('there is room on the disk, documents are accepted again')
      wasFull = isFull
    }
    const timer = setInterval(look, MEASURE_INTERVAL).unref()
    void look()
    return { close: () => clearInterval(timer) }
  }

  #storedBy(partner: string): Stored {
    const now = this.#elapsed()
    const stored = this.#stored.get(partner) ?? { bytes: 0, at: now }
    stored.bytes *= Math.max(0, 1 - (now - stored.at) / DAY)
    stored.at = now
    return stored
  }
}
