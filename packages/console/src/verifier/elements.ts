// Elements read strictly: exactly these children in this order, white space between, no attributes.
import { expectProven } from './not-proven.ts'
import { quoteFound } from './octets.ts'
import type { XmlElement } from './xml.ts'

/** The children, which must be elements of this namespace with white space between. */
export function childElements(parent: XmlElement, uri: string): XmlElement[] {
  const elements: XmlElement[] = []
  for (const child of parent.children) {
    if (typeof child === 'string') {
      expectProven(!/[^ \t\r\n]/.test(child), `${parent.local}: expected no text, found ${quoteFound(child.trim())}`)
      continue
    }
    expectProven(child.uri === uri, `${parent.local}: ${quoteFound(child.name)} is in another namespace than ${uri}`)
    elements.push(child)
  }
  return elements
}

/** Children by name: exactly those, each once and in this order; those with a `?` may be absent. */
export function namedChildren(
  parent: XmlElement,
  uri: string,
  names: readonly string[],
): Readonly<Record<string, XmlElement | undefined>> {
  const rest = childElements(parent, uri)
  const found: Record<string, XmlElement | undefined> = {}
  for (const name of names) {
    const local = name.replace('?', '')
    if (rest[0]?.local === local) found[local] = rest.shift()
    else
      expectProven(
        name !== local,
        `${parent.local}: expected ${local}, ` +
          `found ${rest[0] === undefined ? 'nothing more' : quoteFound(rest[0].local)}`,
        [local],
      )
  }
  expectProven(rest.length === 0, `${parent.local}: unexpected ${quoteFound(rest[0]?.local ?? '')}`)
  return found
}

export function onlyAttributes(element: XmlElement, names: readonly string[]): void {
  const other = element.attributes.find(({ name }) => !names.includes(name))
  expectProven(other === undefined, `${element.local}: unexpected attribute ${quoteFound(other?.name ?? '')}`)
}

export function attributeIn(element: XmlElement | undefined, name: string): string | undefined {
  return element?.attributes.find(attribute => attribute.name === name)?.value
}

/** The text of an element that holds nothing else. */
export function textIn(element: XmlElement | undefined, attributes: readonly string[] = []): string {
  expectProven(element !== undefined, 'an element is not there')
  onlyAttributes(element, attributes)
  expectProven(
    element.children.every(child => typeof child === 'string'),
    `${element.local}: expected text`,
    [element.local],
  )
  return element.children.join('')
}
