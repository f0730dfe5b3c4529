// A strict reader of DER (X.690 10): one way to write each value, nothing left over.

/** Tags with their class, as they are written. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** A value: its tag, its content, and both with the length between them. */
export type DerElement = { readonly tag: number; readonly content: Buffer; readonly raw: Buffer }

/**
 * What is not DER, or not the value that belongs there; `message` says what was expected and found.
 */
export class DerError extends Error {}

/** The values in a content, one after the other. */
export class DerReader {
  readonly #octets: Buffer
  #at = 0

  constructor(octets: Buffer) {
    this.#octets = octets
  }

  get isAtEnd(): boolean {
    return this.#at === this.#octets.length
  }

  /** The next value, with this tag. */
  read(tag: number, what: string): DerElement {
    if (this.isAtEnd) throw new DerError(`expected ${what}, found the end`)
    const element = this.#next()
    if (element.tag !== tag) throw new DerError(`expected ${what}, found the tag ${hex(element.tag)}`)
    return element
  }

  /** The next value if it has this tag. */
  readOptional(tag: number, what: string): DerElement | undefined {
    return this.#octets[this.#at] === tag ? this.read(tag, what) : undefined
  }

  /** The next value, of any type. */
  readAny(what: string): DerElement {
    if (this.isAtEnd) throw new DerError(`expected ${what}, found the end`)
    return this.#next()
  }

  /** The content of the next value, a sequence. */
  enter(what: string, tag: number = tags.sequence): DerReader {
    return new DerReader(this.read(tag, what).content)
  }

  end(what: string): void {
    if (!this.isAtEnd) throw new DerError(`expected the end of ${what}, found ${this.#octets.length - this.#at} octets`)
  }

  #next(): DerElement {
    const octets = this.#octets
    const start = this.#at
    const tag = octets[start]!
    // No field of a certificate has a tag number of 31 or more.
    if ((tag & 0x1f) === 0x1f) throw new DerError(`expected a tag of one octet, found ${hex(tag)}`)
    const { length, at } = this.#readLength(start + 1)
    if (length > octets.length - at)
      throw new DerError(`expected a value of ${length} octets, found ${octets.length - at}`)
    this.#at = at + length
    return { tag, content: octets.subarray(at, this.#at), raw: octets.subarray(start, this.#at) }
  }

  /** X.690 10.1: definite, in the fewest octets. */
  #readLength(from: number): { length: number; at: number } {
    const first = this.#octets[from]
    if (first === undefined) throw new DerError('expected a length, found the end')
    if (first < 0x80) return { length: first, at: from + 1 }
    const count = first & 0x7f
    const octets = this.#octets.subarray(from + 1, from + 1 + count)
    if (count === 0 || count > 4 || octets.length < count) throw new DerError(`expected a length, found ${hex(first)}`)
    const length = octets.readUIntBE(0, count)
    if (length < 0x80 || octets[0] === 0) throw new DerError('expected a length in the fewest octets')
    return { length, at: from + 1 + count }
  }
}

/** The one value that `octets` are, entered if it is a sequence. */
export function readWhole(octets: Buffer, what: string): DerReader {
  const outer = new DerReader(octets)
  const inner = outer.enter(what)
  outer.end(what)
  return inner
}

/** The dotted form. */
export function readObjectIdentifier(reader: DerReader, what: string): string {
  const { content } = reader.read(tags.objectIdentifier, what)
  const numbers: bigint[] = []
  let number = 0n
  let isInside = false
  for (const octet of content) {
    // X.690 8.19.2: no leading zeros in a subidentifier.
    if (!isInside && octet === 0x80) throw new DerError(`expected ${what} in its shortest form`)
    number = (number << 7n) | BigInt(octet & 0x7f)
    isInside = octet >= 0x80
    if (isInside) continue
    numbers.push(number)
    number = 0n
  }
  const [first, ...rest] = numbers
  if (first === undefined || isInside || content.length > 64) throw new DerError(`expected ${what}, a whole identifier`)
  const arc = first < 40n ? 0n : first < 80n ? 1n : 2n
  return [arc, first - arc * 40n, ...rest].join('.')
}

/** X.690 11.1: TRUE is FF. */
export function readBoolean({ content }: DerElement, what: string): boolean {
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff))
    throw new DerError(`expected ${what} as 00 or FF, found ${content.toString('hex')}`)
  return content[0] === 0xff
}

/** A whole number that is not negative, big-endian, without the octet that only shows its sign. */
export function readUnsigned(reader: DerReader, what: string): Buffer {
  const { content } = reader.read(tags.integer, what)
  const [first, second] = content
  if (first === undefined || first >= 0x80) throw new DerError(`expected ${what}, a number from 0 on`)
  if (first === 0 && content.length > 1 && second! < 0x80) throw new DerError(`expected ${what} in the fewest octets`)
  return first === 0 && content.length > 1 ? content.subarray(1) : content
}

/** Up to six octets of one. */
export function readSmallNumber(reader: DerReader, what: string): number {
  const octets = readUnsigned(reader, what)
  return octets.length > 6 ? Number.POSITIVE_INFINITY : octets.readUIntBE(0, octets.length)
}

/** X.690 11.2: unused bits are zero. */
export function readBitString({ content }: DerElement, what: string): { octets: Buffer; unused: number } {
  const unused = content[0]
  const last = content.at(-1)
  const isWhole = unused !== undefined && unused < 8 && (content.length > 1 || unused === 0)
  if (!isWhole || (content.length > 1 && (last! & ((1 << unused) - 1)) !== 0))
    throw new DerError(`expected ${what}, a bit string whose unused bits are zero`)
  return { octets: content.subarray(1), unused }
}

/**
 * RFC 5280 4.1.2.5: UTCTime up to 2049, GeneralizedTime from 2050 on, both to the second and with
 * Z. Milliseconds since 1970.
 */
export function readTime(reader: DerReader, what: string): number {
  const { time, isEarly } = readAnyTime(reader, what)
  if (isEarly)
    throw new DerError(`expected ${what} as UTCTime, for it is before 2050, found ${new Date(time).toISOString()}`)
  return time
}

/** RFC 6960 4.2.2.1: a GeneralizedTime of any year, to the second and with Z. */
export function readGeneralizedTime(reader: DerReader, what: string): number {
  const { time, isUtc } = readAnyTime(reader, what)
  if (isUtc) throw new DerError(`expected ${what} as GeneralizedTime, found UTCTime`)
  return time
}

/** `isEarly`: a GeneralizedTime of a year for which RFC 5280 wants UTCTime. */
function readAnyTime(reader: DerReader, what: string) {
  const { tag, content } = reader.readAny(what)
  const isUtc = tag === tags.utcTime && isTimeOf(content, 12)
  if (!isUtc && !(tag === tags.generalizedTime && isTimeOf(content, 14)))
    throw new DerError(
      `expected ${what} as YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ, found ${JSON.stringify(content.toString('latin1'))}`,
    )
  const at = isUtc ? 2 : 4
  const short = twoDigits(content, 0)
  const year = isUtc ? short + (short < 50 ? 2000 : 1900) : short * 100 + twoDigits(content, 2)
  const month = twoDigits(content, at)
  const day = twoDigits(content, at + 2)
  const hour = twoDigits(content, at + 4)
  const minute = twoDigits(content, at + 6)
  const second = twoDigits(content, at + 8)
  const time = Date.UTC(year, month - 1, day, hour, minute, second)
  // A day that the month does not have would be one of the next month.
  const isOfCalendar = month >= 1 && month <= 12 && hour < 24 && minute < 60 && second < 60
  if (!isOfCalendar || new Date(time).getUTCDate() !== day)
    throw new DerError(`expected ${what}, a time of the calendar, found ${content.toString('latin1')}`)
  return { time, isUtc, isEarly: !isUtc && year < 2050 }
}

/** Digits, and a Z. */
function isTimeOf(content: Buffer, digits: number): boolean {
  if (content.length !== digits + 1 || content[digits] !== 0x5a) return false
  for (let at = 0; at < digits; at++) if (content[at]! < 0x30 || content[at]! > 0x39) return false
  return true
}

function twoDigits(content: Buffer, at: number): number {
  return (content[at]! - 0x30) * 10 + content[at + 1]! - 0x30
}

function hex(octet: number): string {
  return octet.toString(16).padStart(2, '0')
}
