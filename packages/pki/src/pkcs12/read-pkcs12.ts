// A PKCS #12 file (RFC 7292) of any program: its keys and certificates, to the octet. Its content
// is read only after its integrity code was verified.
import { timingSafeEqual } from 'node:crypto'
import { Fault } from '@seg/core'
import { type BerValue, decryptLegacy, readBer } from './ber.ts'
import { Derivations } from './derivations.ts'
import { computeMac } from './integrity-code.ts'
import { decryptPbes2, PBES2 } from './pbes2.ts'

export type Pkcs12 = {
  /** PKCS #8, DER. */
  readonly keys: readonly Buffer[]
  readonly certificates: readonly Buffer[]
}

const oids = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
} as const

/** Throws the Fault `p12-invalid`; nothing of the file is quoted. */
export function readPkcs12(octets: Buffer, password: string): Pkcs12 {
  const secret = { password, derivations: new Derivations() }
  try {
    const [, authSafe, macData] = readBer(octets).parts
    const safe = authSafe!.at(1, 0).octets
    checkIntegrity(safe, macData, secret)
    const bags = readBer(safe).parts.flatMap(info => readBer(readContent(info, secret)).parts)
    const valuesOf = (...types: string[]) => bags.filter(bag => types.includes(bag.at(0).oid))
    return {
      keys: valuesOf(oids.keyBag, oids.shroudedKeyBag).map(bag => readKey(bag, secret)),
      certificates: valuesOf(oids.certificateBag).map(bag => bag.at(1, 0, 1, 0).octets),
    }
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault('p12-invalid', 'expected a PKCS #12 file (RFC 7292) in DER or BER, found another', { cause: error })
  }
}

/** The password, and what the file may still spend on deriving keys from it. */
type Secret = { readonly password: string; readonly derivations: Derivations }

/** MacData ::= SEQUENCE { mac DigestInfo, macSalt, iterations DEFAULT 1 } (RFC 7292 4). */
function checkIntegrity(safe: Buffer, macData: BerValue | undefined, { password, derivations }: Secret): void {
  if (macData === undefined) throw new Fault('p12-invalid', 'expected an integrity code (RFC 7292 4), found none')
  const found = macData.at(0, 1).octets
  const iterations = macData.parts[2]?.number ?? 1
  derivations.spend(iterations)
  const expected = computeMac(safe, password, {
    hash: macData.at(0, 0, 0).oid,
    salt: macData.at(1).octets,
    iterations,
  })
  if (found.length !== expected.length || !timingSafeEqual(found, expected))
    throw new Fault('p12-invalid', 'the password is not that of the file, or the file was changed')
}

/** ContentInfo: SafeContents in clear, or in an EncryptedData (RFC 5652 8). */
function readContent(info: BerValue, secret: Secret): Buffer {
  const type = info.at(0).oid
  if (type === oids.data) return info.at(1, 0).octets
  if (type === oids.encryptedData) return decrypt(info.at(1, 0, 1, 1), info.at(1, 0, 1, 2).octets, secret)
  throw new Fault('p12-invalid', `expected contents that are protected by a password, found some of the type ${type}`)
}

function readKey(bag: BerValue, secret: Secret): Buffer {
  const value = bag.at(1, 0)
  return bag.at(0).oid === oids.keyBag ? value.der : decrypt(value.at(0), value.at(1).octets, secret)
}

function decrypt(algorithm: BerValue, octets: Buffer, { password, derivations }: Secret): Buffer {
  try {
    return algorithm.at(0).oid === PBES2
      ? decryptPbes2(algorithm.at(1), octets, password, derivations)
      : decryptLegacy(algorithm, octets, password, derivations)
  } catch (error) {
    if (error instanceof Fault) throw error
    const name = algorithm.at(0).oid
    throw new Fault('p12-invalid', `its contents cannot be decrypted with the algorithm ${name}`, { cause: error })
  }
}
