// The checks of one certificate that depend on neither issuer nor time: its form, its
// algorithms, its key, and what it may be used for (RFC 5280 4). Each refusal names the
// certificate, the clause, what was expected and what was found.
import type { X509Certificate } from 'node:crypto'
import { Fault, type FaultCode, quote } from '@seg/core'
import { type GatewayProfile, OPERATOR, profiles } from '../issuing/profiles.ts'
import { constrainedNames } from '../path/constrained-names.ts'
import { findBrokenConstraint, type NameConstraints, readNameConstraints } from '../path/name-constraints.ts'
import { parsePathCertificate } from '../path/path-certificate.ts'
import { shownName } from '../path/verdict.ts'
import { findWeakAlgorithm, findWeakKey } from './certificate-algorithms.ts'
import { type CertificateFields, readCertificateFields } from './certificate-fields.ts'
import { DerError } from './der.ts'
import {
  checkSubjectAltName,
  extensionNames,
  oids,
  readBasicConstraints,
  readExtendedKeyUsage,
  readKeyUsage,
} from './extensions.ts'
import { gatewayId } from './gateway-id.ts'

/** A certificate of an authority that may issue certificates of gateways. */
export type GatewayAuthority = {
  readonly certificate: X509Certificate
  readonly fields: CertificateFields
  /** Purposes that it is limited to; undefined when it is not. */
  readonly purposes: readonly string[] | undefined
  /** Names that its certificates may have; undefined when they may have any. */
  readonly constraints: NameConstraints | undefined
}

/**
 * Throws the Faults `certificate-invalid` and `certificate-purpose`. Its dates and its issuer are
 * not looked at: it is trusted because it is listed.
 */
export function readAuthority(certificate: X509Certificate): GatewayAuthority {
  return onCertificate(certificate, refuse => {
    const fields = readForm(certificate, refuse)
    const constraints = readBasicConstraints(fields.extensions)
    if (!constraints?.isCa)
      return refuse(
        'certificate-purpose',
        'basicConstraints (RFC 5280 4.2.1.9)',
        'the certificate of a CA',
        'that of no CA',
      )
    if (!constraints.isCritical)
      refuse('certificate-invalid', 'basicConstraints (RFC 5280 4.2.1.9)', 'critical', 'not critical')
    const usages = readKeyUsage(fields.extensions)
    if (!usages?.includes('keyCertSign'))
      refuse('certificate-purpose', 'keyUsage (RFC 5280 4.2.1.3)', 'keyCertSign', usages?.join(', ') || 'none')
    // A subject of no attributes is a sequence without content.
    if (fields.subject.length <= 2) refuse('certificate-invalid', 'subject (RFC 5280 4.1.2.6)', 'a name', 'none')
    if (fields.subject.equals(fields.issuer) && !certificate.verify(certificate.publicKey))
      refuse('certificate-invalid', 'signature', 'one by its own key, as it names itself as issuer', 'another')
    const nameConstraints = fields.extensions.get(oids.nameConstraints)
    return {
      certificate,
      fields,
      purposes: readExtendedKeyUsage(fields.extensions),
      constraints: nameConstraints && readNameConstraints(nameConstraints.value),
    }
  })
}

/**
 * Whether a gateway may use it for `profile`. Throws the Faults `certificate-invalid` and
 * `certificate-purpose`.
 */
export function readGatewayCertificate(certificate: X509Certificate, profile: GatewayProfile): CertificateFields {
  return onCertificate(certificate, refuse => {
    const fields = readForm(certificate, refuse)
    const { purpose, title, signsWith } = profiles[profile]
    const constraints = readBasicConstraints(fields.extensions)
    if (constraints?.isCa)
      refuse('certificate-purpose', 'basicConstraints (RFC 5280 4.2.1.9)', "a gateway's certificate", "a CA's")
    if (constraints?.pathLength !== undefined)
      refuse('certificate-invalid', 'basicConstraints (RFC 5280 4.2.1.9)', 'no path length', 'one')
    if (fields.extensions.has(oids.nameConstraints))
      refuse('certificate-invalid', 'nameConstraints (RFC 5280 4.2.1.10)', 'none, as it is no CA', 'some')
    const usages = readKeyUsage(fields.extensions)
    if (usages !== undefined && !signsWith.some(usage => usages.includes(usage)))
      refuse(
        'certificate-purpose',
        'keyUsage (RFC 5280 4.2.1.3)',
        `${signsWith.join(' or ')} for a ${title}`,
        usages.join(', ') || 'none',
      )
    if (usages?.includes('keyCertSign'))
      refuse('certificate-purpose', 'keyUsage (RFC 5280 4.2.1.9)', 'no keyCertSign, as it is no CA', usages.join(', '))
    const purposes = readExtendedKeyUsage(fields.extensions)
    if (!purposes?.includes(purpose))
      refuse(
        'certificate-purpose',
        'extended key usage (RFC 5280 4.2.1.12)',
        `${purpose} for a ${title}`,
        purposes?.join(', ') ?? 'none',
      )
    if (purposes?.includes(OPERATOR))
      refuse('certificate-purpose', 'extended key usage', "a gateway's certificate", 'that of an operator, a person')
    checkSubjectAltName(fields.extensions)
    gatewayId(certificate)
    return fields
  })
}

/** That a CA may name a gateway so. Throws the Fault `certificate-invalid`. */
export function checkConstraints(
  certificate: X509Certificate,
  { constraints, certificate: ca }: GatewayAuthority,
): void {
  if (constraints === undefined) return
  onCertificate(certificate, refuse => {
    const expected = findBrokenConstraint(constrainedNames(parsePathCertificate(certificate), true), constraints)
    if (expected !== undefined)
      refuse(
        'certificate-invalid',
        `nameConstraints of ${quote(ca.subject)} (RFC 5280 4.2.1.10)`,
        expected,
        shownName(certificate.subject),
      )
  })
}

type Refuse = (code: FaultCode, check: string, expected: string, found: string) => never

function readForm(certificate: X509Certificate, refuse: Refuse): CertificateFields {
  const fields = readCertificateFields(certificate.raw)
  const { innerAlgorithm, outerAlgorithm, extensions } = fields
  if (!innerAlgorithm.equals(outerAlgorithm))
    refuse(
      'certificate-invalid',
      'signature algorithm (RFC 5280 4.1.1.2)',
      `${innerAlgorithm.toString('hex')}, as what is signed says`,
      outerAlgorithm.toString('hex'),
    )
  const weakAlgorithm = findWeakAlgorithm(innerAlgorithm)
  if (weakAlgorithm !== undefined)
    refuse('certificate-invalid', 'signature algorithm', 'RSA, ECDSA or Ed25519 with SHA-256 or better', weakAlgorithm)
  for (const [oid, { isCritical }] of extensions) {
    // Those of names are a CA's.
    if (isCritical && !Object.hasOwn(extensionNames, oid) && oid !== oids.nameConstraints)
      refuse('certificate-invalid', 'extensions (RFC 5280 4.2)', 'no critical one that is unknown here', oid)
  }
  const weakKey = findWeakKey(readPublicKey(certificate, refuse))
  if (weakKey !== undefined)
    refuse(
      'certificate-invalid',
      'public key',
      'RSA of 2048 bits and exponent 65537 or more, P-256, P-384, P-521 or Ed25519',
      weakKey,
    )
  return fields
}

function readPublicKey(certificate: X509Certificate, refuse: Refuse) {
  try {
    return certificate.publicKey
  } catch {
    return refuse('certificate-invalid', 'public key (RFC 5280 4.1.2.7)', 'a key', 'one that cannot be read')
  }
}

/** Puts the certificate's subject before what is said of it. */
function onCertificate<T>(certificate: X509Certificate, check: (refuse: Refuse) => T): T {
  const name = `the certificate ${quote(certificate.subject)}`
  try {
    return check((code, what, expected, found) => {
      throw new Fault(code, `${name}: ${what}: expected ${expected}, found ${found}`)
    })
  } catch (error) {
    if (error instanceof DerError)
      throw new Fault('certificate-invalid', `${name}: DER (RFC 5280 4.1): ${error.message}`, { cause: error })
    throw error
  }
}
