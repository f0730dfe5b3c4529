// Values in DER (X.690 10), from their parts.
import { tags } from './der.ts'

/** A value of any tag; its content is the octets one after the other. */
export function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const length = content.reduce((sum, { length }) => sum + length, 0)
  return Buffer.concat([Buffer.of(tag), lengthOctets(length), ...content])
}

/** X.690 10.1: in the fewest octets. */
function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length)
  const digits = length.toString(16)
  const octets = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')
  return Buffer.concat([Buffer.of(0x80 | octets.length), octets])
}

export function sequence(...values: readonly Buffer[]): Buffer {
  return der(tags.sequence, ...values)
}

export function octetString(octets: Buffer): Buffer {
  return der(tags.octetString, octets)
}

/** Whole octets. */
export function bitString(octets: Buffer): Buffer {
  return der(tags.bitString, Buffer.of(0), octets)
}

export function booleanTrue(): Buffer {
  return der(tags.boolean, Buffer.of(0xff))
}

/** A number that is not negative, big-endian; zeros in front do not count. */
export function unsigned(octets: Buffer): Buffer {
  const from = octets.findIndex(octet => octet !== 0)
  const digits = from < 0 ? Buffer.of(0) : octets.subarray(from)
  return digits[0]! < 0x80 ? der(tags.integer, digits) : der(tags.integer, Buffer.of(0), digits)
}

export function smallNumber(number: number | bigint): Buffer {
  const digits = number.toString(16)
  return unsigned(Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex'))
}

/** Of the dotted form. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt)
  return der(tags.objectIdentifier, ...[first * 40n + second, ...rest].map(subidentifier))
}

function subidentifier(number: bigint): Buffer {
  const octets = [Number(number & 0x7fn)]
  for (let rest = number >> 7n; rest > 0n; rest >>= 7n) octets.unshift(Number(rest & 0x7fn) | 0x80)
  return Buffer.from(octets)
}

/** UTCTime up to 2049, GeneralizedTime from 2050 on (RFC 5280 4.1.2.5). */
export function time(instant: Date): Buffer {
  const text = instant.toISOString().replace(/\.\d+|[-:T]/g, '')
  return instant.getUTCFullYear() < 2050
    ? der(tags.utcTime, Buffer.from(text.slice(2)))
    : der(tags.generalizedTime, Buffer.from(text))
}

/** An extension (RFC 5280 4.1): critical is FALSE by default, and a default is not written. */
export function extension(oid: string, value: Buffer, isCritical = false): Buffer {
  return sequence(objectIdentifier(oid), ...(isCritical ? [booleanTrue()] : []), octetString(value))
}
