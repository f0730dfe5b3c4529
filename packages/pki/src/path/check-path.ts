// A path of signatures, checked from the anchor to the leaf (RFC 5280 6.1), but for the time and
// revocation, which change.
import { type CheckedCa, checkCa, checkLeaf, invalid, onDer, wrongPurpose } from './check-certificate-form.ts'
import { constrainedNames } from './constrained-names.ts'
import type { SignedPath } from './find-paths.ts'
import { findBrokenConstraint } from './name-constraints.ts'
import { isSelfIssued, type PathCertificate } from './path-certificate.ts'
import type { PathPurpose } from './purposes.ts'
import { shownName } from './verdict.ts'

/** Throws a Refusal. */
export function checkPath({ certificates }: SignedPath, purpose: PathPurpose): void {
  const [leaf, ...cas] = certificates as [PathCertificate, ...PathCertificate[]]
  const checkedCas = cas.map(checkCa)
  const { purposes } = checkLeaf(leaf, purpose)
  checkLengths(cas, checkedCas)
  checkPurposes(cas, checkedCas, purposes)
  checkIdentifiers(certificates)
  for (const [at, { constraints }] of checkedCas.entries()) {
    if (constraints === undefined) continue
    for (const [below, certificate] of certificates.slice(0, at + 1).entries()) {
      // RFC 5280 6.1.3 (b): not for a CA's certificate of its own new key.
      if (below > 0 && isSelfIssued(certificate)) continue
      const expected = onDer(certificate, () =>
        findBrokenConstraint(constrainedNames(certificate, below === 0), constraints),
      )
      if (expected !== undefined)
        throw invalid(
          certificate,
          `nameConstraints of ${shownName(cas[at]!.certificate.subject)} (RFC 5280 4.2.1.10)`,
          expected,
          describe(certificate),
        )
    }
  }
}

/** 6.1.4 (l), (m): intermediate CAs below, those of a CA's own new key not counted. */
function checkLengths(cas: readonly PathCertificate[], checked: readonly CheckedCa[]): void {
  for (const [at, { pathLength }] of checked.entries()) {
    const below = cas.slice(0, at).filter(ca => !isSelfIssued(ca)).length
    if (pathLength !== undefined && below > pathLength)
      throw invalid(
        cas[at]!,
        'path length (RFC 5280 4.2.1.9)',
        `at most ${pathLength} intermediate CAs below it`,
        `${below}`,
      )
  }
}

/** 4.2.1.12: a CA with extendedKeyUsage issues for these purposes only. */
function checkPurposes(
  cas: readonly PathCertificate[],
  checked: readonly CheckedCa[],
  wanted: readonly string[],
): void {
  for (const [at, { purposes }] of checked.entries()) {
    if (purposes !== undefined && !wanted.some(oid => purposes.includes(oid)))
      throw wrongPurpose(
        cas[at]!,
        'extendedKeyUsage of a CA (RFC 5280 4.2.1.12)',
        wanted.join(' or '),
        purposes.join(', '),
      )
  }
}

/** 4.2.1.1: what an identifier says of the issuer is so. */
function checkIdentifiers(certificates: readonly PathCertificate[]): void {
  for (const [at, certificate] of certificates.entries()) {
    const issuer = certificates[at + 1]
    const { keyId, issuer: name, serial } = certificate.authorityKeyId ?? {}
    if (issuer === undefined) continue
    if (keyId !== undefined && issuer.keyId !== undefined && keyId !== issuer.keyId)
      throw invalid(certificate, 'authorityKeyIdentifier (RFC 5280 4.2.1.1)', issuer.keyId, keyId)
    if (serial !== undefined && serial !== issuer.serial)
      throw invalid(
        certificate,
        'authorityKeyIdentifier (RFC 5280 4.2.1.1)',
        `the serial number ${issuer.serial}`,
        serial,
      )
    if (name !== undefined && name !== issuer.issuer)
      throw invalid(
        certificate,
        'authorityKeyIdentifier (RFC 5280 4.2.1.1)',
        "the name of the issuer's issuer",
        'another',
      )
  }
}

function describe({ certificate }: PathCertificate): string {
  const names = [certificate.subject, certificate.subjectAltName].map(shownName)
  return names.filter(name => name !== '').join('; ')
}
