// Documents on their way in: how many there may be at once, which bounds the memory that all of them take together.
import { Fault } from '@seg/core'
import { HELD_IN_MEMORY, type Ledger, type Staging } from '@seg/ledger'
import type { Limits } from './limits.ts'

export type Uploads = {
  /** Throws the Fault `overloaded` when too many documents are on their way in. */
  begin(ledger: Ledger): Upload
}

/** For one receiver. */
export function openUploads({ uploads, largeUploads }: Limits): Uploads {
  const all = new Places(uploads, 'documents')
  const large = new Places(largeUploads, `documents of more than ${HELD_IN_MEMORY} bytes`)
  return { begin: ledger => new Upload(ledger, all, large) }
}

/** One document on its way in. Disposing of it removes what was staged and not accepted. */
export class Upload implements AsyncDisposable {
  readonly staging: Staging
  readonly #large: Places
  readonly #taken: Places[] = []

  constructor(ledger: Ledger, all: Places, large: Places) {
    this.#take(all)
    this.#large = large
    this.staging = ledger.stage()
  }

  /** Takes the next piece, which must stay as it is until the promise, if there is one, resolves. Throws the Fault `overloaded`. */
  write(chunk: Uint8Array): Promise<void> | undefined {
    const { bytes } = this.staging
    if (bytes <= HELD_IN_MEMORY && bytes + chunk.length > HELD_IN_MEMORY) this.#take(this.#large)
    return this.staging.write(chunk)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.staging.discard()
    for (const places of this.#taken.splice(0)) places.giveBack()
  }

  #take(places: Places): void {
    places.take()
    this.#taken.push(places)
  }
}

class Places {
  readonly #count: number
  readonly #what: string
  #taken = 0

  constructor(count: number, what: string) {
    this.#count = count
    this.#what = what
  }

  take(): void {
    if (this.#taken >= this.#count) throw new Fault('overloaded', `${this.#count} ${this.#what} are on their way in already`)
    this.#taken++
  }

  giveBack(): void {
    this.#taken--
  }
}
