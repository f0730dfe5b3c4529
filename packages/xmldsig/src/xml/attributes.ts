// The attributes of one start tag as columns of numbers: written order, then canonical order with
// duplicates refused.
import { type NamespaceScope, NO_NAMESPACE } from './namespaces.ts'
import { refuse } from './refusal.ts'

const INSERTION_SORT_UP_TO = 8

/** What `settleOrder` returns. */
export const IN_ORDER = 0
export const OUT_OF_ORDER = 1
export const DUPLICATE = 2

export class AttributeColumns {
  count = 0
  readonly nameFrom: number[] = []
  readonly localFrom: number[] = []
  readonly nameTo: number[] = []
  readonly valueFrom: number[] = []
  readonly valueTo: number[] = []
  /** Whether the value is canonical, and normalized, as it is written between double quotes. */
  readonly isPlain: boolean[] = []
  /**
   * Whether it stands behind one space as `name="value"`, its value canonical between these quotes:
   * canonical from the space on.
   */
  readonly isCanonical: boolean[] = []
  /** Index of the namespace's binding; NO_NAMESPACE for a name without prefix. */
  readonly binding: number[] = []
  /**
   * Indices in canonical order (XML-C14N 2.2: by namespace URI, then local name, by code point).
   */
  readonly order: number[] = []
  // The first two of one name.
  #first = 0
  #second = 0

  add(nameFrom: number, localFrom: number, nameTo: number): void {
    const i = this.count++
    this.nameFrom[i] = nameFrom
    this.localFrom[i] = localFrom
    this.nameTo[i] = nameTo
    this.binding[i] = NO_NAMESPACE
  }

  setValue(from: number, to: number, isPlain: boolean, isCanonical: boolean): void {
    const i = this.count - 1
    this.isCanonical[i] = isCanonical
    this.valueFrom[i] = from
    this.valueTo[i] = to
    this.isPlain[i] = isPlain
  }

  /**
   * Settles the `order`, refuses two attributes of one name. Returns whether they are written in
   * canonical order.
   */
  sort(source: Buffer, scope: NamespaceScope): boolean {
    const order = this.settleOrder(source, scope)
    if (order === DUPLICATE) this.#refuseDuplicate(source, this.#first, this.#second)
    return order === IN_ORDER
  }

  /** Settles the `order`. Returns IN_ORDER, OUT_OF_ORDER or DUPLICATE. */
  settleOrder(source: Buffer, scope: NamespaceScope): number {
    const { count, order } = this
    for (let i = 0; i < count; i++) order[i] = i
    for (let i = 1; i < count; i++) {
      const comparison = this.#compare(source, scope, i - 1, i)
      if (comparison > 0) return this.#reorder(source, scope)
      if (comparison === 0) return this.#setDuplicate(i - 1, i)
    }
    return IN_ORDER
  }

  #reorder(source: Buffer, scope: NamespaceScope): number {
    const { count, order } = this
    if (count <= INSERTION_SORT_UP_TO) return this.#insertionSort(source, scope)
    const sorted = order.slice(0, count).sort((a, b) => this.#compare(source, scope, a, b))
    for (let i = 0; i < count; i++) order[i] = sorted[i]!
    return this.#findDuplicate(source, scope)
  }

  /** A few attributes are sorted faster without a callback. */
  #insertionSort(source: Buffer, scope: NamespaceScope): number {
    const { count, order } = this
    let isUnique = true
    for (let i = 1; i < count; i++) {
      let to = i
      for (; to > 0; to--) {
        const comparison = this.#compare(source, scope, order[to - 1]!, i)
        if (comparison === 0) isUnique = false
        if (comparison <= 0) break
        order[to] = order[to - 1]!
      }
      order[to] = i
    }
    return isUnique ? OUT_OF_ORDER : this.#findDuplicate(source, scope)
  }

  #findDuplicate(source: Buffer, scope: NamespaceScope): number {
    const { count, order } = this
    for (let i = 1; i < count; i++)
      if (this.#compare(source, scope, order[i - 1]!, order[i]!) === 0)
        return this.#setDuplicate(order[i - 1]!, order[i]!)
    return OUT_OF_ORDER
  }

  #setDuplicate(first: number, second: number): number {
    this.#first = first
    this.#second = second
    return DUPLICATE
  }

  #compare(source: Buffer, scope: NamespaceScope, a: number, b: number): number {
    const bindingA = this.binding[a]!
    const bindingB = this.binding[b]!
    if (bindingA !== bindingB) {
      const byUri = scope.bindings[bindingA]!.uriOctets.compare(scope.bindings[bindingB]!.uriOctets)
      if (byUri !== 0) return byUri
    }
    return compareOctets(source, this.localFrom[a]!, this.nameTo[a]!, this.localFrom[b]!, this.nameTo[b]!)
  }

  /**
   * Same name as written: a breach of XML 1.0 3.1; same expanded name only: of Namespaces in XML
   * 6.3.
   */
  #refuseDuplicate(source: Buffer, first: number, second: number): never {
    const { nameFrom, nameTo } = this
    const isSameAsWritten =
      compareOctets(source, nameFrom[first]!, nameTo[first]!, nameFrom[second]!, nameTo[second]!) === 0
    const at = nameFrom[second]!
    if (isSameAsWritten) refuse('xml-malformed', at, 'an element has two attributes of the same name')
    return refuse(
      'xml-namespace',
      at,
      `an attribute has the same expanded name as the one ${at - nameFrom[first]!} bytes before`,
    )
  }
}

/** Up to this a loop costs less than a call out of JavaScript. */
const LOOP_UP_TO = 32

/** Byte order of UTF-8 is code point order. */
export function compareOctets(source: Buffer, fromA: number, toA: number, fromB: number, toB: number): number {
  const length = Math.min(toA - fromA, toB - fromB)
  if (length > LOOP_UP_TO) return source.compare(source, fromB, toB, fromA, toA)
  for (let i = 0; i < length; i++) {
    const difference = source[fromA + i]! - source[fromB + i]!
    if (difference !== 0) return difference
  }
  return toA - fromA - (toB - fromB)
}
