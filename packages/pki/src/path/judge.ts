// What does not change with time: the paths that are right, or why there is none. One result for
// each certificate, chain and snapshot.
import type { X509Certificate } from 'node:crypto'
import { DerError } from '../certificate/der.ts'
import { type Authority, poolOf, type TrustAnchors } from './authority.ts'
import { checkPath } from './check-path.ts'
import type { CheckedPath } from './decide.ts'
import { findPaths, searchLimits } from './find-paths.ts'
import { type PathCertificate, parsePathCertificate, readPathCertificate } from './path-certificate.ts'
import type { PathPurpose } from './purposes.ts'
import { PathRefusal } from './refusal.ts'
import { type BadPath, nameOf, shownName } from './verdict.ts'

export type PathOutcome = { readonly paths: readonly CheckedPath[] } | { readonly bad: BadPath }

export type Question = {
  readonly leaf: X509Certificate
  /** What the peer presented besides, in any order. */
  readonly presented: readonly X509Certificate[]
  readonly anchors: TrustAnchors
  readonly purpose: PathPurpose
}

export function judge({ leaf, presented, anchors, purpose }: Question): PathOutcome {
  const { authorities } = anchors
  const read = readLeaf(leaf)
  if (read instanceof DerError) return { bad: unreadable(leaf, authorities, read) }
  const others = presented.slice(0, searchLimits.presented).map(readPathCertificate)
  const found = findPaths(
    read,
    others.filter(certificate => certificate !== undefined),
    authorities,
  )
  if (found.length === 0) return { bad: untrusted(leaf, authorities) }
  const paths: CheckedPath[] = []
  let refusal: PathRefusal | undefined
  for (const path of found) {
    try {
      checkPath(path, purpose)
      paths.push(path)
    } catch (error) {
      if (!(error instanceof PathRefusal)) throw error
      refusal ??= error
    }
  }
  return paths.length > 0 ? { paths } : { bad: toBadPath(refusal!) }
}

/** Of a path of signatures: one of our authorities stands behind it. */
export function toBadPath({ certificate, reason, missing }: PathRefusal): BadPath {
  const name = nameOf(certificate.certificate)
  return { ok: false, standsBehind: true, certificate: name, ...reason, ...(missing && { missing }) }
}

function readLeaf(leaf: X509Certificate): PathCertificate | DerError {
  try {
    return parsePathCertificate(leaf)
  } catch (error) {
    if (error instanceof DerError) return error
    throw error
  }
}

function untrusted(leaf: X509Certificate, authorities: readonly Authority[]): BadPath {
  const names = authorities.flatMap(({ anchors }) => anchors.map(({ subject }) => shownName(subject)))
  return {
    ok: false,
    standsBehind: false,
    code: 'certificate-untrusted',
    certificate: nameOf(leaf),
    check: 'path (RFC 5280 6.1)',
    expected: names.length === 0 ? 'an authority, and none is listed' : `a path of signatures to ${names.join(' or ')}`,
    found: `none from one issued by ${shownName(leaf.issuer)}`,
    remedy: 'list its CA as an authority, or the intermediate CAs between the two',
  }
}

/** OpenSSL reads more than DER: whose signature it bears is still asked. */
function unreadable(leaf: X509Certificate, authorities: readonly Authority[], error: DerError): BadPath {
  const cas = authorities.flatMap(authority => Object.values(poolOf(authority)).flat())
  const standsBehind = cas.slice(0, searchLimits.tries).some(({ certificate }) => isSignedBy(leaf, certificate))
  return {
    ok: false,
    standsBehind,
    code: standsBehind ? 'certificate-invalid' : 'certificate-untrusted',
    certificate: nameOf(leaf),
    check: 'DER (RFC 5280 4.1)',
    expected: 'a certificate in DER',
    found: error.message,
    remedy: 'ask the CA for a certificate after the tables of docs/pki.md',
  }
}

function isSignedBy(leaf: X509Certificate, ca: X509Certificate): boolean {
  try {
    return leaf.verify(ca.publicKey)
  } catch {
    return false
  }
}
