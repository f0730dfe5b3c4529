// What each connection process has taken of the shares of partners, so that its end gives all of it
// back.
import { Fault } from '@seg/core'
import type { PartnerLimits } from '@seg/pki'
import { DOCUMENT_OVERHEAD } from '../acceptance/storage-room.ts'
import type { ShareCounts, UploadShares } from '../shares/upload-shares.ts'
import type { Granted } from './messages.ts'

const names = ['documents', 'large', 'reads', 'bytes'] as const
/** Bytes of room that a process gets beside what it needs, for more documents. */
const MORE_BYTES = 256 * 1024

type Held = Record<(typeof names)[number], number>

/** Of one process. */
export class HeldShares {
  readonly #shares: UploadShares
  readonly #held = new Map<string, Held>()
  #hasEnded = false

  constructor(shares: UploadShares) {
    this.#shares = shares
  }

  /** Throws as `takeDocument` of the shares does, and `overloaded` after the end. */
  takeDocument(partner: string, own: PartnerLimits, announced: number): Granted {
    this.#checkRuns()
    this.#shares.takeDocument(partner, own, announced)
    return this.#begun(partner, own, announced)
  }

  /** As `takeDocument`. */
  takeProbe(partner: string, own: PartnerLimits, announced: number): Granted {
    this.#checkRuns()
    this.#shares.takeProbe(partner, own, announced)
    return this.#begun(partner, own, announced)
  }

  takeRead(partner: string, own: PartnerLimits): void {
    this.#checkRuns()
    this.#shares.takeRead(partner, own)
    this.#of(partner).reads++
  }

  takeLarge(partner: string): void {
    this.#checkRuns()
    this.#shares.takeLarge(partner)
    this.#of(partner).large++
  }

  /** The bytes that were taken: as many as are needed, or more. Throws as the shares do. */
  takeRoom(partner: string, bytes: number): number {
    this.#checkRuns()
    const taken = this.#shares.isAmple(partner) ? this.#takeIfThere(partner, bytes + MORE_BYTES) : 0
    if (taken > 0) return taken
    this.#shares.takeRoom(partner, bytes)
    this.#of(partner).bytes += bytes
    return bytes
  }

  checkRoom(partner: string, bytes: number): void {
    this.#shares.checkRoom(partner, bytes)
  }

  giveBack(partner: string, taken: ShareCounts): void {
    // All of it was given back.
    if (this.#hasEnded) return
    this.#subtract(partner, taken)
    this.#shares.giveBack(partner, taken)
  }

  /** A document is stored: what it took of the room is not given back. */
  keep(partner: string, bytes: number): void {
    this.#subtract(partner, { bytes: bytes + DOCUMENT_OVERHEAD })
  }

  /** The process has ended. What it still waits for is not taken: nobody would give it back. */
  giveBackAll(): void {
    this.#hasEnded = true
    for (const [partner, held] of this.#held) this.#shares.giveBack(partner, held)
    this.#held.clear()
  }

  #checkRuns(): void {
    if (this.#hasEnded) throw new Fault('overloaded', 'the connection process has ended')
  }

  #begun(partner: string, { rate, concurrency }: PartnerLimits, announced: number): Granted {
    const of = this.#of(partner)
    of.documents++
    of.bytes += DOCUMENT_OVERHEAD
    const mayKeep = rate === undefined && concurrency === undefined && this.#shares.isAmple(partner)
    const bytes = this.#takeIfThere(partner, mayKeep ? announced + MORE_BYTES : announced)
    return { bytes, mayKeep }
  }

  /** Whether it may be announced is answered when it is asked for. */
  #takeIfThere(partner: string, bytes: number): number {
    if (bytes === 0) return 0
    try {
      this.#shares.takeRoom(partner, bytes)
    } catch {
      return 0
    }
    this.#of(partner).bytes += bytes
    return bytes
  }

  #of(partner: string): Held {
    const known = this.#held.get(partner)
    if (known !== undefined) return known
    const held = { documents: 0, large: 0, reads: 0, bytes: 0 }
    this.#held.set(partner, held)
    return held
  }

  #subtract(partner: string, taken: ShareCounts): void {
    const of = this.#of(partner)
    for (const name of names) of[name] -= taken[name] ?? 0
    if (names.every(name => of[name] <= 0)) this.#held.delete(partner)
  }
}
