// Reading an element that must have one form: its children in order, its attributes from a list, no
// text between.
import { Fault, type FaultCode, quote } from '@seg/core'
import type { Element } from './tree.ts'

/**
 * Returns the children of an element in order. A child that is not taken, or not in its place, is a
 * Fault `code`.
 */
export class ElementReader {
  readonly element: Element
  readonly #code: FaultCode
  readonly #uri: string
  #next = 0

  /** `uri` is the namespace in which children are expected. */
  constructor(element: Element, code: FaultCode, uri: string) {
    this.element = element
    this.#code = code
    this.#uri = uri
    if (/[^ \t\r\n]/.test(element.text))
      this.fail(`expected no text in ${quote(element.local)}, found ${quote(element.text.trim())}`)
  }

  /** The next child, which must have this name. */
  child(local: string): Element {
    const element = this.optionalChild(local)
    if (element === undefined)
      return this.fail(`expected ${local} in ${quote(this.element.local)}, found ${this.#describeNext()}`)
    return element
  }

  /** The next child when it has this name. */
  optionalChild(local: string, uri = this.#uri): Element | undefined {
    const element = this.element.children[this.#next]
    if (element === undefined || element.local !== local || element.uri !== uri) return undefined
    this.#next++
    return element
  }

  /** All children have been taken. */
  end(): void {
    if (this.#next < this.element.children.length)
      this.fail(`unexpected ${this.#describeNext()} in ${quote(this.element.local)}`)
  }

  fail(detail: string): never {
    throw new Fault(this.#code, detail)
  }

  #describeNext(): string {
    const element = this.element.children[this.#next]
    return element === undefined ? 'its end' : `${quote(element.local)} of namespace ${quote(element.uri)}`
  }
}

/** Refuses attributes other than those named, which are in no namespace. */
export function checkAttributes(element: Element, allowed: readonly string[], code: FaultCode): void {
  const stray = element.attributes.find(({ uri, local }) => uri !== '' || !allowed.includes(local))
  if (stray !== undefined)
    throw new Fault(code, `unexpected attribute ${quote(stray.local)} on ${quote(element.local)}`)
}

/** The value of an attribute in no namespace, undefined when the element does not have it. */
export function attributeOf(element: Element, local: string): string | undefined {
  return element.attributes.find(attribute => attribute.uri === '' && attribute.local === local)?.value
}

/** The text of an element that has no children. */
export function textOf(element: Element, code: FaultCode): string {
  if (element.children.length > 0) throw new Fault(code, `expected text only in ${quote(element.local)}`)
  return element.text
}
