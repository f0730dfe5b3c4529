// Answers that stream for long: so many at once, and a part of them for one who asks.
import { Fault } from '@seg/core'
import type { Operator } from './access-store.ts'

export class StreamLimit {
  readonly #what: string
  readonly #most: number
  readonly #mostOfOne: number
  /** By person, or by API key. */
  readonly #counts = new Map<string, number>()

  constructor(what: string, { most, mostOfOne }: { readonly most: number; readonly mostOfOne: number }) {
    this.#what = what
    this.#most = most
    this.#mostOfOne = mostOfOne
  }

  /** The caller calls what it gets when the stream is over. Throws the Fault `overloaded`. */
  begin({ method, credential, id }: Operator): () => void {
    const who = method === 'api-key' ? `key ${credential}` : `person ${id}`
    const own = this.#counts.get(who) ?? 0
    const all = [...this.#counts.values()].reduce((sum, count) => sum + count, 0)
    if (own >= this.#mostOfOne || all >= this.#most)
      throw new Fault('overloaded', `${all} ${this.#what} are under way, ${own} of them yours; try again`)
    this.#counts.set(who, own + 1)
    return () => {
      const left = (this.#counts.get(who) ?? 1) - 1
      if (left > 0) this.#counts.set(who, left)
      else this.#counts.delete(who)
    }
  }
}
