// Documents to send, signed beforehand.
import type { Identity } from '@seg/pki'
import { openPress, type Press } from './press.ts'

export type StockedDocument = { readonly number: number; readonly pieces: readonly Buffer[] }

/**
 * `fresh`: signed by order, each until it is accepted; `repeated`: signed once, for servers that
 * begin with nothing; `endless`: for a server that does not look at them.
 */
export type StockKind = 'fresh' | 'repeated' | 'endless'

export interface Stock {
  /** Undefined when there is none left. */
  take(): StockedDocument | undefined
  /** Hears what became of a document that was taken. */
  settle(document: StockedDocument, isAccepted: boolean): void
}

/** Each document once: one that was refused is sent again, as a sender would. */
export class FreshStock implements Stock {
  /** Of all that were accepted. */
  readonly accepted: number[] = []
  readonly #press: Press
  readonly #documents: StockedDocument[] = []
  #signed: number

  /** With a payload of about `payload` bytes; numbered from `first` on. */
  static async open(payload: number, first: number, signer: Identity): Promise<FreshStock> {
    return new FreshStock(await openPress(payload, signer), first)
  }

  private constructor(press: Press, first: number) {
    this.#press = press
    this.#signed = first
  }

  /** Signs until there are `count`. */
  fill(count: number): void {
    while (this.#documents.length < count) {
      const number = this.#signed++
      this.#documents.push({ number, pieces: this.#press(number) })
    }
  }

  take(): StockedDocument | undefined {
    return this.#documents.pop()
  }

  settle(document: StockedDocument, isAccepted: boolean): void {
    if (isAccepted) this.accepted.push(document.number)
    else this.#documents.push(document)
  }
}

/** Each document once, and once more after `rewind`: in the same order for each server. */
export class RepeatedStock implements Stock {
  readonly #press: Press
  readonly #documents: StockedDocument[] = []
  #next = 0

  static async open(payload: number, signer: Identity): Promise<RepeatedStock> {
    return new RepeatedStock(await openPress(payload, signer))
  }

  private constructor(press: Press) {
    this.#press = press
  }

  rewind(count: number): void {
    while (this.#documents.length < count) {
      const number = this.#documents.length
      this.#documents.push({ number, pieces: this.#press(number) })
    }
    this.#next = 0
  }

  take(): StockedDocument | undefined {
    return this.#documents[this.#next++]
  }

  settle(): void {}
}

/** The same documents again and again, for a server that does not look at them. */
export class EndlessStock implements Stock {
  readonly #documents: readonly StockedDocument[]
  #next = 0

  static async open(payload: number, signer: Identity): Promise<EndlessStock> {
    const press = await openPress(payload, signer)
    return new EndlessStock(Array.from({ length: 100 }, (_, number) => ({ number, pieces: press(number) })))
  }

  private constructor(documents: readonly StockedDocument[]) {
    this.#documents = documents
  }

  take(): StockedDocument | undefined {
    return this.#documents[this.#next++ % this.#documents.length]
  }

  settle(): void {}
}
