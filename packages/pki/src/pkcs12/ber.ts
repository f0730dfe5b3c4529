// BER (X.690 8) as PKCS #12 files have it, and the ciphers of old ones, 3DES and RC2: node-forge.
// Only strings and Buffers cross this border.
import forge from 'node-forge'
import type { Derivations } from './derivations.ts'

type Asn1 = forge.asn1.Asn1

/** Each getter throws for a value of another form. */
export type BerValue = {
  readonly parts: readonly BerValue[]
  /** The part of a part, by numbers. */
  at(...numbers: readonly number[]): BerValue
  readonly oid: string
  /** Of a string; in BER it may come in parts. */
  readonly octets: Buffer
  readonly number: number
  readonly der: Buffer
}

export function readBer(octets: Buffer): BerValue {
  const options = { strict: false, parseAllBytes: true, decodeBitStrings: false }
  // The types have only the older form of the second argument.
  return wrap(forge.asn1.fromDer(octets.toString('binary'), options as never))
}

const asn1Of = new WeakMap<BerValue, Asn1>()

function wrap(value: Asn1): BerValue {
  const wrapped: BerValue = {
    get parts() {
      if (!Array.isArray(value.value)) throw new Error('expected a value with parts')
      return value.value.map(wrap)
    },
    at(...numbers) {
      return numbers.reduce<BerValue>((found, number) => found.parts[number] ?? missing(), wrapped)
    },
    get oid() {
      return forge.asn1.derToOid(wrapped.octets.toString('binary'))
    },
    get octets() {
      return Array.isArray(value.value)
        ? Buffer.concat(wrapped.parts.map(part => part.octets))
        : Buffer.from(value.value, 'binary')
    },
    get number() {
      const { octets } = wrapped
      return octets.length > 6 ? Number.POSITIVE_INFINITY : Number.parseInt(octets.toString('hex') || '0', 16)
    },
    get der() {
      return Buffer.from(forge.asn1.toDer(value).getBytes(), 'binary')
    },
  }
  asn1Of.set(wrapped, value)
  return wrapped
}

function missing(): never {
  throw new Error('expected a value, found the end')
}

/** Left out of forge's types. */
const { pbe } = forge.pki as unknown as {
  readonly pbe: { getCipher(oid: string, parameters: Asn1, password: string): forge.cipher.BlockCipher }
}

/** Iterations of OpenSSL that take as long as one of node-forge, which derives two values. */
const WEIGHT = 20

/** Under an AlgorithmIdentifier of RFC 7292 C. Throws for others, and for a wrong password. */
export function decryptLegacy(algorithm: BerValue, octets: Buffer, password: string, derivations: Derivations): Buffer {
  derivations.spend(algorithm.at(1, 1).number, WEIGHT)
  const cipher = pbe.getCipher(algorithm.at(0).oid, asn1Of.get(algorithm.at(1))!, password)
  cipher.update(forge.util.createBuffer(octets.toString('binary')))
  if (!cipher.finish()) throw new Error('expected padding')
  return Buffer.from(cipher.output.getBytes(), 'binary')
}
