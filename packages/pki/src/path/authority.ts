// Authorities that a gateway relies on, as one snapshot: what counts together, and is replaced
// together.
import type { X509Certificate } from 'node:crypto'
import { type PathCertificate, readPathCertificate } from './path-certificate.ts'

/** What must be known about revocation before a certificate of this authority counts. */
export type RevocationPolicy = {
  /**
   * `crl`: a list of each issuer on the path that is in date, or out of date by no more than
   * `grace`. `ocsp`: an answer of the issuer about the leaf. `none`: neither is needed; a
   * certificate that either revokes is revoked all the same.
   */
  readonly need: 'none' | 'crl' | 'ocsp'
  /** Milliseconds after nextUpdate for which a list still counts. */
  readonly grace: number
}

export type Authority = {
  /** Its name in the configuration. */
  readonly name: string
  /** Where a path ends: roots, or intermediate CAs. */
  readonly anchors: readonly X509Certificate[]
  /** CAs that paths may lead through, besides those that a peer presents. */
  readonly intermediates: readonly X509Certificate[]
  /** When the authority is relied on; both ends belong to it. */
  readonly from?: Date
  readonly until?: Date
  readonly revocation: RevocationPolicy
}

export type TrustAnchors = {
  /** Differs from that of each other snapshot of this process. */
  readonly generation: number
  readonly authorities: readonly Authority[]
}

let generation = 0

/**
 * A snapshot of authorities. Its certificates are not judged here: each path that leads through
 * them is.
 */
export function makeTrustAnchors(authorities: readonly Authority[]): TrustAnchors {
  return { generation: ++generation, authorities: [...authorities] }
}

type Pool = { readonly anchors: readonly PathCertificate[]; readonly intermediates: readonly PathCertificate[] }
const pools = new WeakMap<Authority, Pool>()

/** The certificates of an authority, read once. Those that cannot be read lead nowhere. */
export function poolOf(authority: Authority): Pool {
  const known = pools.get(authority)
  if (known !== undefined) return known
  const read = (certificates: readonly X509Certificate[]) =>
    certificates.map(readPathCertificate).filter(certificate => certificate !== undefined)
  const pool = { anchors: read(authority.anchors), intermediates: read(authority.intermediates) }
  pools.set(authority, pool)
  return pool
}
