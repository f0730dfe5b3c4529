// The two forms of an ECDSA signature value: r and s side by side (XMLDSig 1.1 6.4.3), and DER (RFC
// 3279 2.2.3). Node converts, too, but for P-256 that takes as long as the signature itself.
const SEQUENCE = 0x30
const INTEGER = 0x02
/**
 * A length from here on has one octet before it with the number of length octets (X.690 8.1.3);
 * here that number is always one.
 */
const LONG_FORM = 0x80
const ONE_LENGTH_OCTET = 0x81

/** `value`: r and s, each with leading zeros to the length of the curve's order. */
export function ecdsaToDer(value: Buffer): Buffer {
  const half = value.length / 2
  const integers = Buffer.concat([writeInteger(value.subarray(0, half)), writeInteger(value.subarray(half))])
  const length = integers.length < LONG_FORM ? [integers.length] : [ONE_LENGTH_OCTET, integers.length]
  return Buffer.concat([Buffer.of(SEQUENCE, ...length), integers])
}

/** `der` as OpenSSL makes it; `valueBytes`: length of r and s together in the value. */
export function ecdsaFromDer(der: Buffer, valueBytes: number): Buffer {
  const value = Buffer.alloc(valueBytes)
  const octets = valueBytes / 2
  let at = der[1] === ONE_LENGTH_OCTET ? 3 : 2
  for (const end of [octets, valueBytes]) {
    const length = der[at + 1]!
    const integer = der.subarray(at + 2, at + 2 + length)
    // An integer whose first bit is set has an octet of zero before it (X.690 8.3).
    const digits = integer.subarray(Math.max(0, length - octets))
    value.set(digits, end - digits.length)
    at += 2 + length
  }
  return value
}

function writeInteger(digits: Buffer): Buffer {
  let from = 0
  while (from < digits.length - 1 && digits[from] === 0) from++
  const sign = digits[from]! >= LONG_FORM ? [0] : []
  return Buffer.concat([Buffer.of(INTEGER, sign.length + digits.length - from, ...sign), digits.subarray(from)])
}
