// How a start tag is written, the values of its attributes left out: one that is written like a tag
// read before need not be read again.
import { CR, LF } from '../characters.ts'
import { type Declaration, DSIG_NAMESPACE, type NamespaceScope, NO_NAMESPACE, UNDECLARED } from '../namespaces.ts'
import { NO_OCTETS, Octets } from '../octet-words.ts'
import { NOTHING } from '../skip.ts'
import type { StartTag } from '../start-tag.ts'

/** What a tag of a form means in one epoch (see KnownTags), and how it is written there. */
export type Plan = WrittenTag & {
  readonly epoch: number
  /** The epoch inside the element. */
  readonly epochInside: number
  /** How many bindings there are before its own. */
  readonly declaredFrom: number
  /** Whether nothing need be done for such a tag but to open its element. */
  readonly isFree: boolean
}

export type WrittenTag = {
  /** Whether it is canonical as it is written. */
  readonly isAsWritten: boolean
  /** Bindings whose declarations count as written inside the element. */
  readonly marks: readonly number[]
  /** Declarations to be written behind the name. */
  readonly inserted: Octets
}

type Parts = {
  /** All octets but the values'. */
  readonly octets: Buffer
  /** Ends of its segments: before the first value, between each two, behind the last. */
  readonly ends: readonly number[]
  readonly nameLength: number
  /** Where attributes begin, when the declarations stand before them. */
  readonly attributesFrom: number
  readonly isEmpty: boolean
  /** Canonical as written, if the values are, and the declarations are the ones to be written. */
  readonly isCanonical: boolean
  /** The quotes of the values. */
  readonly quotes: readonly number[]
  readonly declarations: readonly Declaration[]
  readonly element: PrefixUse
  /** Of attributes that have prefixes. */
  readonly attributes: readonly PrefixUse[]
  /** Which value comes next in canonical order. */
  readonly order: readonly number[]
  /** What is written before each in that order, and behind all. */
  readonly names: readonly Octets[]
  readonly closing: Octets
  /** What is written for `/>`. */
  readonly emptyEnd: Octets
}

const NO_PLAN: Plan = {
  epoch: 0,
  epochInside: 0,
  declaredFrom: 0,
  isFree: false,
  isAsWritten: false,
  marks: [],
  inserted: NO_OCTETS,
}
/** Octets of declarations written in one tag, so that plans are bounded. */
export const INSERTED_OCTETS = 512
/** Plans of one form that are kept. */
const PLANS = 8
/** Characters of the longest namespace that a form holds: the memory of all forms is bounded. */
export const NAMESPACE_LENGTH = 256
/** Longer than any tag. */
export const NEVER = 0x3fffffff

/** A prefix in a form, and its declaration found last: mostly still in its place. */
export class PrefixUse {
  binding = NO_NAMESPACE
  readonly #prefix: Buffer
  readonly #uri: string | undefined
  #slot = 0
  #declaration: Declaration | undefined

  /** Of an attribute, whose place among others follows from its namespace, that must be `uri`. */
  constructor(prefix: Buffer, uri?: string) {
    this.#prefix = prefix
    this.#uri = uri
  }

  /**
   * Finds the binding of the prefix. False for one that is not declared, for a long namespace, and
   * for an element of XML Signature: that one must be reported.
   */
  resolve(scope: NamespaceScope): boolean {
    const innermost = scope.inScope()
    if (this.#slot < innermost.length) {
      this.binding = innermost[this.#slot]!
      if (scope.bindings[this.binding] === this.#declaration) return true
    }
    const { length } = this.#prefix
    const found = length === 0 ? scope.defaultIndex : scope.find(this.#prefix, 0, length)
    if (found === UNDECLARED) return false
    const uri = scope.uri(found)
    if (uri.length > NAMESPACE_LENGTH) return false
    if (this.#uri === undefined ? uri === DSIG_NAMESPACE : uri !== this.#uri) return false
    this.#slot = innermost.indexOf(found)
    this.#declaration = scope.bindings[found]
    this.binding = found
    return true
  }
}

export class TagForm {
  readonly octets: Buffer
  readonly ends: readonly number[]
  /** Octets of the first segment. */
  head: number
  readonly nameLength: number
  readonly attributesFrom: number
  readonly isEmpty: boolean
  readonly isCanonical: boolean
  readonly holdsLines: boolean
  readonly quotes: readonly number[]
  readonly declarations: readonly Declaration[]
  readonly element: PrefixUse
  readonly attributes: readonly PrefixUse[]
  readonly order: readonly number[]
  readonly names: readonly Octets[]
  readonly closing: Octets
  readonly emptyEnd: Octets
  /** Where its octets stand among those of all forms. */
  place = 0
  /** Whether it has a place, and has not lost it to another. */
  isKnown = false
  /** Forms expected next: as the first inside the element, and behind its end. */
  first: TagForm = this
  after: TagForm = this
  /** How firmly it keeps its place. */
  strength = 1
  plan: Plan = NO_PLAN
  readonly #plans: Plan[] = []
  /** Of each plan. */
  readonly #epochs: number[] = []

  constructor(parts: Parts) {
    this.octets = parts.octets
    this.ends = parts.ends
    this.head = parts.ends[0]!
    this.nameLength = parts.nameLength
    this.attributesFrom = parts.attributesFrom
    this.isEmpty = parts.isEmpty
    this.isCanonical = parts.isCanonical
    this.holdsLines = parts.octets.includes(LF) || parts.octets.includes(CR)
    this.quotes = parts.quotes
    this.declarations = parts.declarations
    this.element = parts.element
    this.attributes = parts.attributes
    this.order = parts.order
    this.names = parts.names
    this.closing = parts.closing
    this.emptyEnd = parts.emptyEnd
  }

  /** Whether another plan is for this epoch: it is the form's from here on. */
  findPlan(epoch: number): boolean {
    const index = this.#epochs.indexOf(epoch)
    if (index < 0) return false
    this.plan = this.#plans[index]!
    return true
  }

  addPlan(plan: Plan): void {
    this.plan = plan
    if (this.#plans.length === PLANS) {
      this.#plans.shift()
      this.#epochs.shift()
    }
    this.#plans.push(plan)
    this.#epochs.push(plan.epoch)
  }
}

/** No tag is written so. */
export const NO_FORM: TagForm = new TagForm({
  octets: NOTHING,
  ends: [NEVER],
  nameLength: 0,
  attributesFrom: 0,
  isEmpty: false,
  isCanonical: false,
  quotes: [],
  declarations: [],
  element: new PrefixUse(NOTHING),
  attributes: [],
  order: [],
  names: [],
  closing: NO_OCTETS,
  emptyEnd: NO_OCTETS,
})

/** The form of a tag. */
export function makeForm(tag: StartTag): TagForm {
  const { source, from, nameTo, localFrom, attributes, declarations, isEmpty, isCanonical, scope } = tag
  const { count, valueFrom, valueTo } = attributes
  const segments: Buffer[] = []
  const ends: number[] = []
  const quotes: number[] = []
  const uses: PrefixUse[] = []
  let [at, length, attributesFrom] = [from, 0, nameTo]
  for (let i = 0; i < declarations.count; i++) attributesFrom = Math.max(attributesFrom, declarations.valueTo[i]! + 1)
  for (let i = 0; i <= count; i++) {
    const to = i < count ? valueFrom[i]! : tag.to
    segments.push(source.subarray(at, to))
    if (i < count && attributes.binding[i] !== NO_NAMESPACE) {
      const prefix = Buffer.from(source.subarray(attributes.nameFrom[i]!, attributes.localFrom[i]! - 1))
      uses.push(new PrefixUse(prefix, scope.uri(attributes.binding[i]!)))
    }
    if (i < count) quotes.push(source[to - 1]!)
    length += to - at
    ends.push(length)
    at = i < count ? valueTo[i]! : to
  }
  const order = attributes.order.slice(0, count)
  const names = order.map((attribute, i) => {
    const name = source.toString('latin1', attributes.nameFrom[attribute], attributes.nameTo[attribute])
    return new Octets(Buffer.from(`${i === 0 ? '' : '"'} ${name}="`, 'latin1'))
  })
  const name = source.toString('latin1', from + 1, nameTo)
  const end = `>${isEmpty ? `</${name}>` : ''}`
  return new TagForm({
    octets: Buffer.concat(segments),
    ends,
    nameLength: nameTo - from,
    attributesFrom: attributesFrom - from,
    isEmpty,
    isCanonical,
    quotes,
    declarations: scope.bindings.slice(tag.declaredFrom),
    element: new PrefixUse(Buffer.from(source.subarray(from + 1, Math.max(from + 1, localFrom - 1)))),
    attributes: uses,
    order,
    names,
    closing: new Octets(Buffer.from(`${count > 0 ? '"' : ''}${end}`, 'latin1')),
    emptyEnd: new Octets(Buffer.from(end, 'latin1')),
  })
}
