// What a receipt says (docs/receipt.md), as far as its form goes.
import { namedChildren, onlyAttributes, textIn } from './elements.ts'
import { expectProven, NotProven } from './not-proven.ts'
import { octetsOfBase64, quoteFound, type RawOctets } from './octets.ts'
import type { XmlElement } from './xml.ts'
import { XMLDSIG_NAMESPACE } from './xml-signature.ts'

export type SealedReceipt = {
  readonly receiver: string
  readonly sender: string
  readonly document: string
  /** Base64, as the receipt and the entry of the log write it. */
  readonly sha256: string
  readonly reference: string
  readonly acceptedAt: string
  readonly index: number
  readonly treeSize: number
  readonly leaf: RawOctets
  /** Undefined beside a leaf of version 1. */
  readonly opening: { readonly facts: RawOctets; readonly nonce: RawOctets } | undefined
  readonly proof: readonly RawOctets[]
  readonly checkpoint: string
}

export const RECEIPT_URI = 'urn:seg:receipt:1'
const BYTES = 256 * 1024
/** Of ids of gateways and documents (docs/profile.md, Envelope). */
export const GATEWAY_FORM = /^(?! )[\p{L}\p{M}\p{N}\p{P}\p{S} ]{1,128}(?<! )$/u
export const DOCUMENT_FORM = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/

export function readSealedReceipt(root: XmlElement, byteLength: number): SealedReceipt {
  expectProven(byteLength <= BYTES, `expected a receipt of at most ${BYTES} bytes, found ${byteLength}`)
  expectProven(root.local === 'Receipt' && root.uri === RECEIPT_URI, `expected Receipt in ${RECEIPT_URI}`)
  onlyAttributes(root, [])
  // The Signature, which stands last, is read elsewhere (xml-signature.ts).
  const last = root.children.findLast(child => typeof child !== 'string')
  expectProven(last?.local === 'Signature' && last.uri === XMLDSIG_NAMESPACE, 'expected the Signature last', [
    'Signature',
  ])
  const own = root.children.filter(child => child !== last)
  const said = namedChildren({ ...root, children: own }, RECEIPT_URI, [
    'ReceiverID',
    'SenderID',
    'DocumentID',
    'DocumentDigest',
    'ReferenceDigest',
    'AcceptedAt',
    'LogEntry',
  ])
  const log = said.LogEntry!
  onlyAttributes(log, [])
  const entry = namedChildren(log, RECEIPT_URI, [
    'Index',
    'TreeSize',
    'Leaf',
    'Facts?',
    'Nonce?',
    'Proof',
    'Checkpoint',
  ])
  expectProven((entry.Facts === undefined) === (entry.Nonce === undefined), 'expected Facts and Nonce together', [
    'Facts',
    'Nonce',
  ])
  const hashes = entry.Proof!.children.filter(child => typeof child !== 'string').length
  onlyAttributes(entry.Proof!, [])
  return {
    receiver: formed(said.ReceiverID, GATEWAY_FORM),
    sender: formed(said.SenderID, GATEWAY_FORM),
    document: formed(said.DocumentID, DOCUMENT_FORM),
    sha256: digestText(said.DocumentDigest, [32]),
    reference: digestText(said.ReferenceDigest, [32, 48, 64]),
    acceptedAt: readTimeText(formed(said.AcceptedAt, /^/), 'AcceptedAt'),
    index: countIn(entry.Index),
    treeSize: countIn(entry.TreeSize),
    leaf: octetsIn(entry.Leaf),
    opening: entry.Facts && { facts: octetsIn(entry.Facts), nonce: octetsIn(entry.Nonce) },
    proof: readHashes(entry.Proof!, hashes),
    checkpoint: textIn(entry.Checkpoint),
  }
}

/** RFC 3339 in UTC with milliseconds, of a day that exists. */
export function readTimeText(text: string, field: string): string {
  const time = new Date(text)
  expectProven(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) &&
      !Number.isNaN(time.getTime()) &&
      time.toISOString() === text,
    `${field}: expected a time such as 2026-11-28T12:00:00.123Z, found ${quoteFound(text)}`,
    [field],
  )
  return text
}

function readHashes(proof: XmlElement, count: number): RawOctets[] {
  const list = { ...proof, children: [...proof.children] }
  const hashes: RawOctets[] = []
  for (let i = 0; i < count; i++) {
    const at = list.children.findIndex(child => typeof child !== 'string')
    const [head] = list.children.splice(at, 1)
    const { Hash } = namedChildren({ ...proof, children: [head!] }, RECEIPT_URI, ['Hash'])
    const octets = octetsIn(Hash)
    expectProven(octets.length === 32, 'Proof: expected hashes of 32 octets', ['Hash'])
    hashes.push(octets)
  }
  namedChildren(list, RECEIPT_URI, [])
  return hashes
}

function formed(element: XmlElement | undefined, form: RegExp): string {
  const text = textIn(element)
  expectProven(form.test(text), `${element?.local}: ${quoteFound(text)} has not the required form`, [
    element?.local ?? '',
  ])
  return text
}

function digestText(element: XmlElement | undefined, lengths: readonly number[]): string {
  expectProven(lengths.includes(octetsIn(element).length), `${element?.local}: expected a digest`, [
    element?.local ?? '',
  ])
  return textIn(element)
}

function octetsIn(element: XmlElement | undefined): RawOctets {
  const name = element?.local ?? ''
  try {
    return octetsOfBase64(textIn(element), name)
  } catch (error) {
    throw error instanceof NotProven ? new NotProven(error.message, [name]) : error
  }
}

function countIn(element: XmlElement | undefined): number {
  const text = textIn(element)
  expectProven(
    /^(?:0|[1-9]\d{0,15})$/.test(text) && Number.isSafeInteger(Number(text)),
    `${element?.local}: expected a whole number, found ${quoteFound(text)}`,
    [element?.local ?? ''],
  )
  return Number(text)
}
