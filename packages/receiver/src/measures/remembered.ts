// Values by partner and document, the latest ones: where there is no room for more, who has the
// most loses the oldest.

/** Of all partners together; one alone has half of them. */
const MOST = 20_000

export class Remembered<Value> {
  readonly #byPartner = new Map<string, Map<string, Value>>()
  #size = 0

  get(partner: string, document: string): Value | undefined {
    return this.#byPartner.get(partner)?.get(document)
  }

  set(partner: string, document: string, value: Value): void {
    this.delete(partner, document)
    const own = this.#byPartner.get(partner) ?? new Map<string, Value>()
    this.#byPartner.set(partner, own)
    own.set(document, value)
    this.#size++
    // As many as there are free places: of n with too many, each has the same part.
    if (own.size > 1 && own.size > MOST - this.#size) this.delete(partner, own.keys().next().value!)
  }

  delete(partner: string, document: string): void {
    const own = this.#byPartner.get(partner)
    if (own?.delete(document)) this.#size--
    if (own?.size === 0) this.#byPartner.delete(partner)
  }
}
