// Revoked serial numbers in flat memory: found in one step, and passed between threads without a
// copy.
import { randomBytes } from 'node:crypto'
import type { Revoked } from '../path/revocation-lists.ts'

/** RFC 5280 4.1.2.2. */
const LONGEST_SERIAL = 20
/** The length of the serial number, then its octets. */
const WIDTH = LONGEST_SERIAL + 1

export type TableParts = {
  readonly count: number
  readonly serials: Uint8Array<ArrayBuffer>
  /** Milliseconds since 1970. */
  readonly times: Float64Array<ArrayBuffer>
  readonly reasons: Uint8Array<ArrayBuffer>
  /** Number of an entry and one, or 0; as many as a power of two. */
  readonly slots: Uint32Array<ArrayBuffer>
  /** Of the hash, so that an attacker cannot choose serial numbers that collide. */
  readonly seed: number
}

/** Filled once, by the reader of a list. */
export class TableBuilder {
  #count = 0
  #serials = new Uint8Array(WIDTH * 64)
  #times = new Float64Array(64)
  #reasons = new Uint8Array(64)

  add(serial: Buffer, at: number, reason: number): void {
    const number = this.#count++
    if (number === this.#times.length) this.#grow()
    this.#serials[number * WIDTH] = serial.length
    this.#serials.set(serial, number * WIDTH + 1)
    this.#times[number] = at
    this.#reasons[number] = reason
  }

  #grow(): void {
    const length = this.#times.length * 2
    const serials = new Uint8Array(length * WIDTH)
    const times = new Float64Array(length)
    const reasons = new Uint8Array(length)
    serials.set(this.#serials)
    times.set(this.#times)
    reasons.set(this.#reasons)
    this.#serials = serials
    this.#times = times
    this.#reasons = reasons
  }

  /** Of a serial number that stands there twice, the first entry counts. */
  build(): TableParts {
    const count = this.#count
    const slots = new Uint32Array(1 << Math.ceil(Math.log2(count * 2 + 2)))
    const seed = randomBytes(4).readUInt32LE(0)
    const parts = { count, serials: this.#serials, times: this.#times, reasons: this.#reasons, slots, seed }
    for (let number = 0; number < count; number++) {
      const from = number * WIDTH
      const serial = this.#serials.subarray(from + 1, from + 1 + this.#serials[from]!)
      const { slot, found } = probe(parts, serial)
      if (found === undefined) slots[slot] = number + 1
    }
    return parts
  }
}

export function findRevoked(parts: TableParts, serial: string): Revoked | undefined {
  const { found } = probe(parts, Buffer.from(serial, 'hex'))
  return found === undefined ? undefined : entryOf(parts, found)
}

/** All entries, in the order of the list. */
export function* listRevoked(parts: TableParts): Generator<Revoked & { readonly serial: Buffer }> {
  for (let number = 0; number < parts.count; number++) {
    const from = number * WIDTH
    const serial = Buffer.from(parts.serials.subarray(from + 1, from + 1 + parts.serials[from]!))
    yield { serial, ...entryOf(parts, number) }
  }
}

function entryOf({ times, reasons }: TableParts, number: number): Revoked {
  return { at: times[number]!, reason: reasons[number]! }
}

/** The slot of a serial number, and the number of its entry when it has one. */
function probe({ serials, slots, seed }: TableParts, serial: Uint8Array): { slot: number; found: number | undefined } {
  const mask = slots.length - 1
  for (let slot = hash(serial, seed) & mask; ; slot = (slot + 1) & mask) {
    const number = slots[slot]! - 1
    if (number < 0) return { slot, found: undefined }
    if (isSame(serials, number * WIDTH, serial)) return { slot, found: number }
  }
}

function isSame(serials: Uint8Array, from: number, serial: Uint8Array): boolean {
  if (serials[from] !== serial.length) return false
  for (let i = 0; i < serial.length; i++) if (serials[from + 1 + i] !== serial[i]) return false
  return true
}

/** FNV-1a from a random start, and the last mix of MurmurHash3. */
function hash(octets: Uint8Array, seed: number): number {
  let sum = seed
  for (let i = 0; i < octets.length; i++) sum = Math.imul(sum ^ octets[i]!, 0x01000193)
  sum = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b)
  return sum ^ (sum >>> 13)
}
