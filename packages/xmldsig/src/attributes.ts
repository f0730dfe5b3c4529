// The attributes of one start tag as columns of numbers: written order, then canonical order with duplicates refused.
import { compareCodePoints } from './characters.ts'
import { type NamespaceScope, NO_NAMESPACE } from './namespaces.ts'
import { refuse } from './refusal.ts'

const INSERTION_SORT_UP_TO = 8

export class AttributeColumns {
  count = 0
  readonly nameFrom: number[] = []
  readonly localFrom: number[] = []
  readonly nameTo: number[] = []
  readonly valueFrom: number[] = []
  readonly valueTo: number[] = []
  /** Whether the value is canonical, and normalized, as it is written between double quotes. */
  readonly isPlain: boolean[] = []
  /** Whether it stands behind one space as `name="value"`, its value plain: canonical from the space on. */
  readonly isTidy: boolean[] = []
  /** Index of the namespace's binding; NO_NAMESPACE for a name without prefix. */
  readonly binding: number[] = []
  /** Indices in canonical order (XML-C14N 2.2: by namespace URI, then local name, by code point). */
  readonly order: number[] = []

  add(nameFrom: number, localFrom: number, nameTo: number): void {
    const i = this.count++
    this.nameFrom[i] = nameFrom
    this.localFrom[i] = localFrom
    this.nameTo[i] = nameTo
    this.binding[i] = NO_NAMESPACE
  }

  setValue(from: number, to: number, isPlain: boolean, isTidy: boolean): void {
    const i = this.count - 1
    this.isTidy[i] = isTidy
    this.valueFrom[i] = from
    this.valueTo[i] = to
    this.isPlain[i] = isPlain
  }

  /** Settles the `order`, refuses two attributes of one name. Returns whether they are written in canonical order. */
  sort(source: Buffer, scope: NamespaceScope): boolean {
    const { count, order } = this
    for (let i = 0; i < count; i++) order[i] = i
    for (let i = 1; i < count; i++) {
      const comparison = this.#compare(source, scope, i - 1, i)
      if (comparison > 0) return this.#reorder(source, scope)
      if (comparison === 0) this.#refuseDuplicate(source, i - 1, i)
    }
    return true
  }

  #reorder(source: Buffer, scope: NamespaceScope): false {
    const { count, order } = this
    if (count <= INSERTION_SORT_UP_TO) this.#insertionSort(source, scope)
    else {
      const sorted = order.slice(0, count).sort((a, b) => this.#compare(source, scope, a, b))
      for (let i = 0; i < count; i++) order[i] = sorted[i]!
    }
    for (let i = 1; i < count; i++) {
      if (this.#compare(source, scope, order[i - 1]!, order[i]!) === 0)
        this.#refuseDuplicate(source, order[i - 1]!, order[i]!)
    }
    return false
  }

  /** A few attributes are sorted faster without a callback. */
  #insertionSort(source: Buffer, scope: NamespaceScope): void {
    const { count, order } = this
    for (let i = 1; i < count; i++) {
      let to = i
      for (; to > 0 && this.#compare(source, scope, order[to - 1]!, i) > 0; to--) order[to] = order[to - 1]!
      order[to] = i
    }
  }

  #compare(source: Buffer, scope: NamespaceScope, a: number, b: number): number {
    const bindingA = this.binding[a]!
    const bindingB = this.binding[b]!
    if (bindingA !== bindingB) {
      const byUri = compareCodePoints(scope.uri(bindingA), scope.uri(bindingB))
      if (byUri !== 0) return byUri
    }
    return compareOctets(source, this.localFrom[a]!, this.nameTo[a]!, this.localFrom[b]!, this.nameTo[b]!)
  }

  /** Same name as written: a breach of XML 1.0 3.1; same expanded name only: of Namespaces in XML 6.3. */
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
