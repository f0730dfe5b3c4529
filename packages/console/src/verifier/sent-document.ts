// What a CriticalDocument says of itself (docs/profile.md, Envelope).
import { childElements, onlyAttributes, textIn } from './elements.ts'
import { expectProven } from './not-proven.ts'
import { quoteFound } from './octets.ts'
import { DOCUMENT_FORM, GATEWAY_FORM } from './sealed-receipt.ts'
import type { XmlElement } from './xml.ts'
import { XMLDSIG_NAMESPACE } from './xml-signature.ts'

export type SentDocument = {
  readonly id: string
  readonly sender: string
  readonly receiver: string
  /** TimestampForSignature, milliseconds. */
  readonly signedAt: number
}

export function readSentDocument(root: XmlElement): SentDocument {
  expectProven(
    root.local === 'CriticalDocument' && root.uri === '',
    `expected CriticalDocument in no namespace, found ${quoteFound(root.name)}: this verifier cannot read the ids of ` +
      'other types; `sender verify-receipt` can',
  )
  onlyAttributes(root, ['id', 'xml:lang', 'xml:space'])
  const id = root.attributes.find(({ name }) => name === 'id')?.value
  expectProven(id !== undefined && DOCUMENT_FORM.test(id), 'CriticalDocument: expected an attribute id')
  const isSignature = ({ uri, local }: XmlElement) => uri === XMLDSIG_NAMESPACE && local === 'Signature'
  const places = root.children.filter(child => typeof child !== 'string').map(isSignature)
  expectProven([0, 4].includes(places.indexOf(true)), 'CriticalDocument: expected the Signature first or last')
  const own = root.children.filter(child => typeof child === 'string' || !isSignature(child))
  const children = childElements({ ...root, children: own }, '')
  expectProven(
    children.map(({ local }) => local).join(' ') === 'SenderID ReceiverID TimestampForSignature Payload',
    'CriticalDocument: expected SenderID, ReceiverID, TimestampForSignature and Payload',
  )
  const [sender, receiver, timestamp] = children.slice(0, 3).map(child => textIn(child, ['xml:lang', 'xml:space']))
  for (const name of [sender!, receiver!])
    expectProven(GATEWAY_FORM.test(name), `CriticalDocument: ${quoteFound(name)} is no id of a gateway`)
  const [, whole, milliseconds = '.000'] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{3})?Z$/.exec(timestamp!) ?? []
  const written = `${whole}${milliseconds}Z`
  const time = new Date(written)
  expectProven(
    whole !== undefined && !Number.isNaN(time.getTime()) && time.toISOString() === written,
    `TimestampForSignature: ${quoteFound(timestamp!)} is no time`,
  )
  return { id, sender: sender!, receiver: receiver!, signedAt: time.getTime() }
}
