// DER (X.690 10 and 11): tags of one octet, definite lengths in their shortest form.
import { expectProven } from '../not-proven.ts'
import type { RawOctets } from '../octets.ts'

export type Asn1 = {
  readonly tag: number
  readonly content: RawOctets
  /** With its tag and length. */
  readonly whole: RawOctets
}

export const asn1 = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8: 0x0c,
  printable: 0x13,
  ia5: 0x16,
  utcTime: 0x17,
  time: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** All values that stand one after the other. */
export function readAsn1(octets: RawOctets): Asn1[] {
  const values: Asn1[] = []
  let at = 0
  while (at < octets.length) {
    const tag = octets[at]!
    let length = octets[at + 1] ?? -1
    let start = at + 2
    if (length > 0x80) {
      const count = length - 0x80
      expectProven(count <= 3 && start + count <= octets.length, 'X.690 8.1.3: a length that is not read here')
      length = octets.subarray(start, start + count).reduce((sum, octet) => sum * 256 + octet, 0)
      expectProven(length >= (count === 1 ? 0x80 : 256 ** (count - 1)), 'X.690 10.1: a length that is not the shortest')
      start += count
    }
    expectProven(
      (tag & 0x1f) !== 0x1f && length >= 0 && length !== 0x80 && start + length <= octets.length,
      'X.690 8.1: expected DER',
    )
    values.push({ tag, content: octets.subarray(start, start + length), whole: octets.subarray(at, start + length) })
    at = start + length
  }
  return values
}

/** The one value that these octets are. */
export function readOneAsn1(octets: RawOctets, tag: number, what: string): Asn1 {
  const [value, ...more] = readAsn1(octets)
  expectProven(value !== undefined && more.length === 0 && value.tag === tag, `${what}: expected one value of DER`)
  return value
}

export function contentOf(value: Asn1 | undefined, tag: number, what: string): RawOctets {
  expectProven(value?.tag === tag, `${what}: expected the tag ${tag}, found ${value?.tag ?? 'nothing'}`)
  return value.content
}

export function oidOf(value: Asn1 | undefined, what: string): string {
  const content = contentOf(value, asn1.oid, what)
  const numbers: number[] = []
  let number = 0
  for (const octet of content) {
    number = number * 128 + (octet & 0x7f)
    expectProven(Number.isSafeInteger(number), `${what}: an object identifier that is not read here`)
    if (octet < 0x80) {
      numbers.push(number)
      number = 0
    }
  }
  const [first = 0, ...rest] = numbers
  const top = Math.min(2, Math.floor(first / 40))
  return [top, first - top * 40, ...rest].join('.')
}

/** A BIT STRING of whole octets. */
export function bitsOf(value: Asn1 | undefined, what: string): RawOctets {
  const content = contentOf(value, asn1.bits, what)
  expectProven(content[0] === 0, `${what}: expected whole octets`)
  return content.subarray(1)
}

/** A positive INTEGER in its shortest form, without its sign. */
export function positiveOf(value: Asn1 | undefined, what: string): RawOctets {
  const content = contentOf(value, asn1.integer, what)
  const [first = 0x80, second = 0x80] = content
  expectProven(first < 0x80 && (first !== 0 || second >= 0x80), `${what}: expected a positive number`)
  return first === 0 ? content.subarray(1) : content
}
