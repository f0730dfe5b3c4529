// An acceptance in the log (docs/log.md, Entries): the leaf, and the facts that it commits to.
import { expectProven, NotProven } from './not-proven.ts'
import { base64Of, decodeText, digestOctets, joinOctets, octetsOfBase64, quoteFound, type RawOctets } from './octets.ts'
import { readTimeText, type SealedReceipt } from './sealed-receipt.ts'

export type AcceptedLeaf = { readonly version: 1 | 2; readonly at: string; readonly committed: string }
export type AcceptedFacts = {
  readonly sender: string
  readonly document: string
  readonly bytes: number
  readonly sha256: string
  readonly reference: string
  /** Undefined in version 1, which does not name it. */
  readonly certificate: string | undefined
}

type Values = Readonly<Record<string, unknown>>
type Form = (value: unknown) => boolean

const isText: Form = value => typeof value === 'string'
const isCount: Form = value => Number.isSafeInteger(value) && (value as number) >= 0
const isDigest =
  (...lengths: readonly number[]): Form =>
  value => {
    if (typeof value !== 'string') return false
    try {
      return lengths.includes(octetsOfBase64(value, 'digest').length)
    } catch {
      return false
    }
  }
const facts = {
  sender: isText,
  document: isText,
  bytes: isCount,
  sha256: isDigest(32),
  reference: isDigest(32, 48, 64),
}
const head = { v: isCount, type: isText, at: isText }
const leaves: Readonly<Record<number, Readonly<Record<string, Form>>>> = {
  1: { ...head, ...facts },
  2: { ...head, facts: isDigest(32) },
}

export function readAcceptedLeaf(leaf: RawOctets): AcceptedLeaf {
  const values = parseCompact(leaf, 'Leaf')
  const forms = leaves[Number(values.v)]
  expectProven(forms !== undefined, `Leaf: expected version 1 or 2, found ${quoteFound(String(values.v))}`, ['Leaf'])
  checkForms(values, forms, 'Leaf')
  expectProven(
    values.type === 'accepted',
    `Leaf: expected the type accepted, found ${quoteFound(String(values.type))}`,
    ['Leaf'],
  )
  readTimeText(String(values.at), 'Leaf')
  return { version: values.v as 1 | 2, at: String(values.at), committed: String(values.facts) }
}

/** The facts of an acceptance: opened with the nonce, and those that the leaf commits to. */
export async function openFacts({ leaf, opening }: SealedReceipt, entry: AcceptedLeaf): Promise<AcceptedFacts> {
  expectProven(
    (entry.version === 2) === (opening !== undefined),
    'Leaf: a version 2 has Facts and Nonce, no other has',
    ['Leaf', 'Facts', 'Nonce'],
  )
  if (opening === undefined) return { ...(parseCompact(leaf, 'Leaf') as AcceptedFacts), certificate: undefined }
  expectProven(opening.nonce.length === 32, 'Nonce: expected 32 octets', ['Nonce'])
  const found = base64Of(await digestOctets(joinOctets(opening.nonce, opening.facts)))
  expectProven(
    found === entry.committed,
    `SHA-256(Nonce || Facts) is ${found}, the leaf commits to ${quoteFound(entry.committed)}`,
    ['Facts', 'Nonce', 'Leaf'],
  )
  const values = parseCompact(opening.facts, 'Facts')
  checkForms(values, { ...facts, certificate: isDigest(32) }, 'Facts')
  return values as AcceptedFacts
}

/** Compact JSON: what it parses to is written as it stands. */
function parseCompact(octets: RawOctets, field: string): Values {
  const text = decodeText(octets, field)
  let values: unknown
  try {
    values = JSON.parse(text)
  } catch {
    throw new NotProven(`${field}: expected JSON, found ${quoteFound(text)}`, [field])
  }
  expectProven(
    typeof values === 'object' && values !== null && JSON.stringify(values) === text,
    `${field}: expected compact JSON, found ${quoteFound(text)}`,
    [field],
  )
  return values as Values
}

/** Exactly these fields, in this order. */
function checkForms(values: Values, forms: Readonly<Record<string, Form>>, field: string): void {
  const names = Object.keys(values).join()
  expectProven(
    names === Object.keys(forms).join(),
    `${field}: expected ${Object.keys(forms)}, found ${quoteFound(names)}`,
    [field],
  )
  for (const [name, has] of Object.entries(forms))
    expectProven(has(values[name]), `${field}: ${name} is ${quoteFound(String(values[name]))}`, [field])
}
