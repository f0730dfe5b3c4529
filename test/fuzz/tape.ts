// Choices read from a list of bytes: fast-check makes and shrinks the list, the grammar reads it.
// Where it ends every choice is the first, the simplest.
import fc from 'fast-check'

export class Tape {
  readonly #bytes: readonly number[]
  #at = 0

  constructor(bytes: readonly number[]) {
    this.#bytes = bytes
  }

  /** Whether choices are left. */
  get hasMore(): boolean {
    return this.#at < this.#bytes.length
  }

  /** 0 to `count` - 1; `count` up to 65536. */
  below(count: number): number {
    const low = this.#bytes[this.#at++] ?? 0
    if (count <= 256) return low % count
    return (low | ((this.#bytes[this.#at++] ?? 0) << 8)) % count
  }

  of<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!
  }

  /** True in `percent` of 100 cases, never at the end of the tape. */
  chance(percent: number): boolean {
    return this.below(256) > 255 - 2.56 * percent
  }
}

/** Tapes of up to `length` choices. */
export function tapes(length: number): fc.Arbitrary<number[]> {
  return fc.noBias(fc.array(fc.nat(255), { maxLength: length, size: 'max' }))
}
