// A list that counts: read, signed by a CA that may sign lists, and following the one before it.
import { X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'
import { DerError } from '../certificate/der.ts'
import { readKeyUsage } from '../certificate/extensions.ts'
import { findBadSignature } from '../certificate/verify-signature.ts'
import { nameKey, readDistinguishedName } from '../path/distinguished-name.ts'
import { issuerIdOf, type PathCertificate, readPathCertificate } from '../path/path-certificate.ts'
import { shownName } from '../path/verdict.ts'
import { type CrlFields, readCrlFields } from './crl-fields.ts'
import type { TableParts } from './revocation-table.ts'

/** What leaves the thread that read a list. */
export type CrlParts = {
  readonly issuerId: string
  /** For people. */
  readonly issuer: string
  readonly number: bigint
  /** Milliseconds since 1970. */
  readonly thisUpdate: number
  readonly nextUpdate: number
  readonly table: TableParts
}

/**
 * `octets`: PEM or DER; `issuers`: CAs, of which one signed it. Throws the Faults `crl-invalid` and
 * `crl-kind`.
 */
export function verifyCrl(octets: Buffer, issuers: readonly Buffer[]): CrlParts {
  try {
    const fields = readCrlFields(decodePem(octets))
    const { number, thisUpdate, nextUpdate, table } = fields
    const issuer = findIssuer(fields, issuers)
    return {
      issuerId: issuerIdOf(issuer),
      issuer: shownName(issuer.certificate.subject),
      number,
      thisUpdate,
      nextUpdate,
      table,
    }
  } catch (error) {
    if (error instanceof DerError)
      throw new Fault('crl-invalid', `DER (RFC 5280 5.1): ${error.message}`, { cause: error })
    throw error
  }
}

function findIssuer(fields: CrlFields, issuers: readonly Buffer[]): PathCertificate {
  const name = nameKey(readDistinguishedName(fields.issuer))
  const cas = issuers
    .map(der => readPathCertificate(new X509Certificate(der)))
    .filter(ca => ca !== undefined)
    .filter(({ subject }) => subject === name)
  if (cas.length === 0)
    throw new Fault('crl-invalid', `issuer: expected a CA that is known here, found ${JSON.stringify(name)}`)
  const problems: string[] = []
  for (const ca of cas) {
    const problem = findProblem(fields, ca)
    if (problem === undefined) return ca
    problems.push(problem)
  }
  throw new Fault('crl-invalid', problems[0]!)
}

function findProblem(
  { signed, algorithm, signature, authorityKeyId }: CrlFields,
  ca: PathCertificate,
): string | undefined {
  if (authorityKeyId !== undefined && ca.keyId !== undefined && authorityKeyId !== ca.keyId)
    return `authorityKeyIdentifier (RFC 5280 5.2.1): expected ${ca.keyId}, found ${authorityKeyId}`
  const bad = findBadSignature(signed, algorithm, signature, ca.certificate.publicKey)
  if (bad !== undefined)
    return `signature: expected one by the key of ${shownName(ca.certificate.subject)}, found ${bad}`
  // RFC 5280 6.3.3 (f).
  const usages = readKeyUsage(ca.fields.extensions)
  if (!usages?.includes('cRLSign'))
    return (
      `keyUsage of ${shownName(ca.certificate.subject)} (RFC 5280 4.2.1.3): ` +
      `expected cRLSign, found ${usages?.join(', ') ?? 'none'}`
    )
  return undefined
}

const BLOCK = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]*)-----END X509 CRL-----/

/** DER of PEM; DER as it is. Of two lists, one would be passed over: see `splitCrls`. */
function decodePem(octets: Buffer): Buffer {
  if (octets[0] === 0x30) return octets
  const text = BLOCK.exec(octets.toString('latin1'))?.[1]
  if (text === undefined) throw new DerError('expected a certificate revocation list in DER or PEM')
  if (findBlocks(octets).length > 1) throw new DerError('expected one certificate revocation list, found several')
  return Buffer.from(text, 'base64')
}

/** CAs whose lists stand in one file. */
const MOST_LISTS = 64

/** The lists of a file: in PEM one after the other, in DER one. Throws the Fault `crl-invalid`. */
export function splitCrls(octets: Buffer): Buffer[] {
  const starts = octets[0] === 0x30 ? [] : findBlocks(octets)
  if (starts.length < 2) return [octets]
  if (starts.length > MOST_LISTS) throw new Fault('crl-invalid', `expected at most ${MOST_LISTS} lists, found more`)
  // Copies: a thread gets the whole memory that a part is of.
  return starts.map((start, i) => Buffer.from(octets.subarray(start, starts[i + 1])))
}

const BEGIN = '-----BEGIN X509 CRL-----'

/** Where the PEM blocks of lists begin: of too many, not all. */
function findBlocks(octets: Buffer): number[] {
  const starts: number[] = []
  for (let at = octets.indexOf(BEGIN); at >= 0 && starts.length <= MOST_LISTS; at = octets.indexOf(BEGIN, at + 1))
    starts.push(at)
  return starts
}
