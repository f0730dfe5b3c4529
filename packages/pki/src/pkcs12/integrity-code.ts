// The integrity code of a PKCS #12 file: HMAC with a key from the password (RFC 7292 4, B.2).
import { createHmac, hash } from 'node:crypto'
import { Fault } from '@seg/core'

/** Octets of a block of each hash, by its object identifier. */
const hashes: Readonly<Record<string, { readonly name: string; readonly block: number }>> = {
  '1.3.14.3.2.26': { name: 'sha1', block: 64 },
  '2.16.840.1.101.3.4.2.1': { name: 'sha256', block: 64 },
  '2.16.840.1.101.3.4.2.2': { name: 'sha384', block: 128 },
  '2.16.840.1.101.3.4.2.3': { name: 'sha512', block: 128 },
}

export type MacParameters = {
  /** Object identifier of the hash. */
  readonly hash: string
  readonly salt: Buffer
  readonly iterations: number
}

/** Throws the Fault `p12-invalid` for parameters that are not supported. */
export function computeMac(octets: Buffer, password: string, parameters: MacParameters): Buffer {
  const row = Object.hasOwn(hashes, parameters.hash) ? hashes[parameters.hash] : undefined
  if (row === undefined)
    throw new Fault('p12-invalid', `expected an integrity code of SHA-1 or SHA-2, found ${parameters.hash}`)
  const { salt, iterations } = parameters
  return createHmac(row.name, deriveKey(row, password, salt, iterations))
    .update(octets)
    .digest()
}

const FOR_MAC = 3

/** RFC 7292 B.2, for a key as long as the hash: one block, to which nothing is added. */
function deriveKey({ name, block }: { name: string; block: number }, password: string, salt: Buffer, rounds: number) {
  const fill = (octets: Buffer) => Buffer.alloc(block * Math.ceil(octets.length / block), octets)
  const secret = Buffer.from(`${password}\0`, 'utf16le').swap16()
  let key = hash(name, Buffer.concat([Buffer.alloc(block, FOR_MAC), fill(salt), fill(secret)]), 'buffer')
  for (let i = 1; i < rounds; i++) key = hash(name, key, 'buffer')
  return key
}
