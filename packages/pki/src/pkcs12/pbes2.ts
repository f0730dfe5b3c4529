// Decrypting PBES2 (RFC 8018 6.2) with PBKDF2, as today's PKCS #12 files use it; node-forge would
// take seconds.
import { createDecipheriv, pbkdf2Sync } from 'node:crypto'
import { Fault } from '@seg/core'
import type { BerValue } from './ber.ts'
import type { Derivations } from './derivations.ts'

export const PBES2 = '1.2.840.113549.1.5.13'
const PBKDF2 = '1.2.840.113549.1.5.12'

/** RFC 8018 B.1.2. */
const hashes: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
}

const ciphers: Readonly<Record<string, { readonly name: string; readonly keyOctets: number }>> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyOctets: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyOctets: 24 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', keyOctets: 32 },
  '1.2.840.113549.3.7': { name: 'des-ede3-cbc', keyOctets: 24 },
}

const SEQUENCE = 0x30

/** `parameters`: PBES2-params. Throws for a wrong password, and for other algorithms. */
export function decryptPbes2(parameters: BerValue, octets: Buffer, password: string, derivations: Derivations): Buffer {
  const [derivation, encryption] = [parameters.at(0), parameters.at(1)]
  const cipher = ciphers[encryption.at(0).oid]
  const [salt, iterations, ...options] = derivation.at(1).parts
  // A keyLength may stand between the iterations and the function.
  const prf = options.find(({ der }) => der[0] === SEQUENCE)
  const hash = hashes[prf === undefined ? '1.2.840.113549.2.7' : prf.at(0).oid]
  const rounds = iterations!.number
  if (derivation.at(0).oid !== PBKDF2 || cipher === undefined || hash === undefined)
    throw new Fault('p12-invalid', 'expected contents under PBKDF2 with HMAC of SHA-1 or SHA-2, and AES or 3DES')
  derivations.spend(rounds)
  const key = pbkdf2Sync(password, salt!.octets, rounds, cipher.keyOctets, hash)
  const decipher = createDecipheriv(cipher.name, key, encryption.at(1).octets)
  return Buffer.concat([decipher.update(octets), decipher.final()])
}
