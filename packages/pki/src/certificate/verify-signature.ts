// Signatures over values in DER, by the algorithm that stands beside them (RFC 5280 4.1.1.2).
import { constants, type KeyObject, verify } from 'node:crypto'
import { findWeakAlgorithm, findWeakKey } from './certificate-algorithms.ts'
import { DerReader, readObjectIdentifier, readSmallNumber, readWhole } from './der.ts'

const hashes: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

type Row = { readonly type: string; readonly hash: string | null }

const rows: Readonly<Record<string, Row>> = {
  '1.2.840.113549.1.1.11': { type: 'rsa', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { type: 'rsa', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { type: 'rsa', hash: 'sha512' },
  '1.2.840.10045.4.3.2': { type: 'ec', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { type: 'ec', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { type: 'ec', hash: 'sha512' },
  '1.3.101.112': { type: 'ed25519', hash: null },
  '2.16.840.1.101.3.4.3.18': { type: 'ml-dsa-65', hash: null },
}

const PSS = '1.2.840.113549.1.1.10'

/** Why the signature does not count; undefined when it does. Throws a DerError. */
export function findBadSignature(
  signed: Buffer,
  algorithm: Buffer,
  signature: Buffer,
  key: KeyObject,
): string | undefined {
  const weak = findWeakAlgorithm(algorithm) ?? findWeakKey(key)
  if (weak !== undefined) return weak
  const content = readWhole(algorithm, 'a signature algorithm')
  const oid = readObjectIdentifier(content, 'a signature algorithm')
  const isSigned =
    oid === PSS ? verifyPss(signed, content, signature, key) : verifyPlain(signed, rows[oid], signature, key)
  return isSigned ? undefined : 'one by another key, or of other octets'
}

function verifyPlain(signed: Buffer, row: Row | undefined, signature: Buffer, key: KeyObject): boolean {
  if (row === undefined || key.asymmetricKeyType !== row.type) return false
  return tryVerify(() => verify(row.hash, signed, key, signature))
}

/**
 * RSASSA-PSS-params (RFC 4055 3.1); a mask of another hash than the message's is not used by
 * anyone.
 */
function verifyPss(signed: Buffer, algorithm: DerReader, signature: Buffer, key: KeyObject): boolean {
  if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'rsa-pss') return false
  const parameters = algorithm.enter('the parameters of RSASSA-PSS')
  const hash = parameters.enter('a hash', 0xa0).enter('a hash')
  parameters.readOptional(0xa1, 'a mask')
  const salt = parameters.readOptional(0xa2, 'a salt')
  const saltLength = salt === undefined ? 20 : readSmallNumber(new DerReader(salt.content), 'the length of the salt')
  const name = hashes[readObjectIdentifier(hash, 'a hash')]
  const padding = constants.RSA_PKCS1_PSS_PADDING
  return name !== undefined && tryVerify(() => verify(name, signed, { key, padding, saltLength }, signature))
}

/** A key that does not fit its algorithm has signed nothing. */
function tryVerify(run: () => boolean): boolean {
  try {
    return run()
  } catch {
    return false
  }
}
