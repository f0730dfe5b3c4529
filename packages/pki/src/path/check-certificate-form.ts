// What holds for each certificate on a path by itself: form, algorithms, key, extensions, and what
// a CA and a leaf must say (RFC 5280 4).
import { findWeakAlgorithm, findWeakKey } from '../certificate/certificate-algorithms.ts'
import { DerError, DerReader, readWhole, tags } from '../certificate/der.ts'
import { readBasicConstraints, readExtendedKeyUsage, readKeyUsage } from '../certificate/extensions.ts'
import { OPERATOR } from '../issuing/profiles.ts'
import { readAlternativeNames } from './constrained-names.ts'
import { type NameConstraints, readNameConstraints } from './name-constraints.ts'
import type { PathCertificate } from './path-certificate.ts'
import { type PathPurpose, purposeRow } from './purposes.ts'
import { PathRefusal } from './refusal.ts'

/** What a path is checked with. */
export type CheckedCa = {
  /** Intermediate CAs below it; undefined when there is no bound. */
  readonly pathLength: number | undefined
  /** Purposes that it is limited to; undefined when it is not. */
  readonly purposes: readonly string[] | undefined
  readonly constraints: NameConstraints | undefined
}

/**
 * Extensions that are understood; a critical one that is not refuses the certificate (RFC 5280
 * 4.2).
 */
const known = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  cRLDistributionPoints: '2.5.29.31',
  // Any policy is acceptable and none is required (RFC 5280 6.1.1 (c), (e)), so these three change
  // nothing.
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  inhibitAnyPolicy: '2.5.29.54',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const
const knownOids: ReadonlySet<string> = new Set(Object.values(known))

const ISSUE_ANEW = 'ask the CA for a certificate after the tables of docs/pki.md'
const INSPECT = '`pnpm --filter pki inspect FILE` shows what it is made for'

/** Throws a Refusal. */
export function checkCa(ca: PathCertificate): CheckedCa {
  return onDer(ca, () => {
    checkForm(ca)
    const { extensions, subject } = ca.fields
    const basic = readBasicConstraints(extensions)
    if (!basic?.isCa)
      throw invalid(
        ca,
        'basicConstraints (RFC 5280 4.2.1.9)',
        'the certificate of a CA',
        basic ? 'that of no CA' : 'none',
      )
    if (!basic.isCritical) throw invalid(ca, 'basicConstraints (RFC 5280 4.2.1.9)', 'critical', 'not critical')
    const usages = readKeyUsage(extensions)
    if (!usages?.includes('keyCertSign'))
      throw invalid(ca, 'keyUsage (RFC 5280 4.2.1.3)', 'keyCertSign for a CA', usages?.join(', ') ?? 'none')
    if (subject.length <= 2) throw invalid(ca, 'subject (RFC 5280 4.1.2.6)', 'a name', 'none')
    const constraints = extensions.get(known.nameConstraints)
    return {
      pathLength: basic.pathLength,
      purposes: readExtendedKeyUsage(extensions),
      constraints: constraints && readNameConstraints(constraints.value),
    }
  })
}

/**
 * Throws a Refusal. What purposes it has, and how it is named, is compared with the CAs above it.
 */
export function checkLeaf(leaf: PathCertificate, purpose: PathPurpose): { readonly purposes: readonly string[] } {
  return onDer(leaf, () => {
    checkForm(leaf)
    const { extensions } = leaf.fields
    const row = purposeRow(purpose)
    const basic = readBasicConstraints(extensions)
    if (basic?.isCa)
      throw wrongPurpose(leaf, 'basicConstraints (RFC 5280 4.2.1.9)', "a gateway's certificate", "a CA's")
    if (basic?.pathLength !== undefined)
      throw invalid(leaf, 'basicConstraints (RFC 5280 4.2.1.9)', 'no path length, as it is no CA', 'one')
    if (extensions.has(known.nameConstraints))
      throw invalid(leaf, 'nameConstraints (RFC 5280 4.2.1.10)', 'none, as it is no CA', 'some')
    const usages = readKeyUsage(extensions)
    if (usages !== undefined && !row.keyUsages.some(usage => usages.includes(usage)))
      throw wrongPurpose(
        leaf,
        'keyUsage (RFC 5280 4.2.1.3)',
        `${row.keyUsages.join(' or ')} for ${row.title}`,
        usages.join(', ') || 'none',
      )
    if (usages?.includes('keyCertSign'))
      throw wrongPurpose(leaf, 'keyUsage (RFC 5280 4.2.1.9)', 'no keyCertSign, as it is no CA', usages.join(', '))
    const found = readExtendedKeyUsage(extensions)
    const fitting = row.extendedKeyUsages.filter(oid => found?.includes(oid))
    if (found === undefined ? !row.mayBeUnlimited : fitting.length === 0)
      throw wrongPurpose(
        leaf,
        'extendedKeyUsage (RFC 5280 4.2.1.12)',
        `${row.extendedKeyUsages.join(' or ')} for ${row.title}`,
        found?.join(', ') ?? 'none',
      )
    const [gateway, person] = ["a gateway's certificate", 'that of an operator, a person']
    const isPerson = found?.includes(OPERATOR) === true
    if (isPerson && !row.isPerson) throw wrongPurpose(leaf, 'extendedKeyUsage', gateway, person)
    if (row.isPerson && !isPerson) throw wrongPurpose(leaf, 'extendedKeyUsage', person, gateway)
    return { purposes: found === undefined ? row.extendedKeyUsages : fitting }
  })
}

function checkForm(certificate: PathCertificate): void {
  const { innerAlgorithm, outerAlgorithm, extensions, issuer, subject } = certificate.fields
  if (!innerAlgorithm.equals(outerAlgorithm))
    throw invalid(
      certificate,
      'signature algorithm (RFC 5280 4.1.1.2)',
      `${innerAlgorithm.toString('hex')}, as what is signed says`,
      outerAlgorithm.toString('hex'),
    )
  const algorithm = findWeakAlgorithm(innerAlgorithm)
  if (algorithm !== undefined)
    throw invalid(certificate, 'signature algorithm', 'RSA, ECDSA or Ed25519 with SHA-256 or better', algorithm)
  for (const [oid, { isCritical }] of extensions) {
    if (isCritical && !knownOids.has(oid))
      throw invalid(certificate, 'extensions (RFC 5280 4.2)', 'no critical one that is unknown here', oid)
  }
  const key = findWeakKey(readPublicKey(certificate))
  if (key !== undefined)
    throw invalid(
      certificate,
      'public key',
      'RSA of 2048 bits and exponent 65537 or more, P-256, P-384, P-521 or Ed25519',
      key,
    )
  if (issuer.length <= 2) throw invalid(certificate, 'issuer (RFC 5280 4.1.2.4)', 'a name', 'none')
  const names = readAlternativeNames(certificate)
  for (const name of names) {
    if (name.kind === 'address' && name.octets.length !== 4 && name.octets.length !== 16)
      throw new DerError(`expected an address of 4 or 16 octets in subjectAltName, found ${name.octets.length}`)
  }
  // RFC 5280 4.1.2.6: a name in the subject, or critical names beside it.
  if (subject.length <= 2 && !extensions.get(known.subjectAltName)?.isCritical)
    throw invalid(certificate, 'subject (RFC 5280 4.1.2.6)', 'a name, or a critical subjectAltName', 'neither')
  const inhibit = extensions.get(known.inhibitAnyPolicy)
  if (inhibit !== undefined) checkNumber(inhibit.value)
  for (const oid of [known.cRLDistributionPoints, known.certificatePolicies, known.policyMappings])
    checkSequences(extensions.get(oid)?.value, oid)
}

function checkNumber(value: Buffer): void {
  const reader = new DerReader(value)
  reader.read(tags.integer, 'inhibitAnyPolicy')
  reader.end('inhibitAnyPolicy')
}

/** A list of sequences, of which at least one; nothing in them is used. */
function checkSequences(value: Buffer | undefined, oid: string): void {
  if (value === undefined) return
  const list = readWhole(value, `the extension ${oid}`)
  do list.enter(`a part of the extension ${oid}`)
  while (!list.isAtEnd)
}

function readPublicKey(certificate: PathCertificate) {
  try {
    return certificate.certificate.publicKey
  } catch {
    throw invalid(certificate, 'public key (RFC 5280 4.1.2.7)', 'a key', 'one that cannot be read')
  }
}

export function invalid(certificate: PathCertificate, check: string, expected: string, found: string): PathRefusal {
  return new PathRefusal(certificate, { code: 'certificate-invalid', check, expected, found, remedy: ISSUE_ANEW })
}

export function wrongPurpose(
  certificate: PathCertificate,
  check: string,
  expected: string,
  found: string,
): PathRefusal {
  return new PathRefusal(certificate, { code: 'certificate-purpose', check, expected, found, remedy: INSPECT })
}

/** What cannot be read is refused as any other part that is wrong. */
export function onDer<T>(certificate: PathCertificate, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw invalid(certificate, 'DER (RFC 5280 4.1)', 'certificates in DER', error.message)
  }
}
