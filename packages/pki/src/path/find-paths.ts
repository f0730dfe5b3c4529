// The search for paths from a certificate to an anchor: by names and key identifiers, each step
// proved by a signature, bounded.
import { type Authority, poolOf } from './authority.ts'
import type { PathCertificate } from './path-certificate.ts'

/** From the leaf to the anchor: each signed by the next one. Nothing else has been looked at. */
export type SignedPath = { readonly authority: Authority; readonly certificates: readonly PathCertificate[] }

/** Bounds on what a peer can make us do. */
export const searchLimits = {
  /** Certificates that a peer may present besides its own; those that follow are not looked at. */
  presented: 16,
  /** Signatures that are verified with a key that a peer presents. */
  tries: 32,
  /** The same with keys of our own authorities. */
  ownTries: 256,
  /** Certificates on a path, the leaf and the anchor among them. */
  depth: 8,
  /** Paths to one authority. */
  paths: 16,
} as const

/** All paths of signatures, in the order of the authorities. */
export function findPaths(
  leaf: PathCertificate,
  presented: readonly PathCertificate[],
  authorities: readonly Authority[],
): SignedPath[] {
  const search = new Search(presented.slice(0, searchLimits.presented))
  return authorities.flatMap(authority => search.findTo(authority, leaf))
}

type Candidate = { readonly certificate: PathCertificate; readonly isAnchor: boolean; readonly isOwn: boolean }

class Search {
  readonly #presented: readonly PathCertificate[]
  /** Verified signatures, by the certificates at both ends. */
  readonly #signatures = new Map<string, boolean>()
  #tries = 0
  #ownTries = 0

  constructor(presented: readonly PathCertificate[]) {
    this.#presented = presented
  }

  findTo(authority: Authority, leaf: PathCertificate): SignedPath[] {
    const { anchors, intermediates } = poolOf(authority)
    // An anchor that is used as a leaf is a CA, and refused as one.
    if (anchors.some(({ sha256 }) => sha256 === leaf.sha256)) return [{ authority, certificates: [leaf] }]
    const candidates: Candidate[] = []
    const seen = new Set<string>()
    const add = (certificates: readonly PathCertificate[], isAnchor: boolean, isOwn: boolean) => {
      for (const certificate of certificates) {
        if (!seen.has(certificate.sha256)) candidates.push({ certificate, isAnchor, isOwn })
        seen.add(certificate.sha256)
      }
    }
    add(anchors, true, true)
    add(intermediates, false, true)
    add(this.#presented, false, false)
    const found: SignedPath[] = []
    this.#extend([leaf], candidates, certificates => found.push({ authority, certificates }) < searchLimits.paths)
    return found
  }

  /** False when enough was found. */
  #extend(
    path: readonly PathCertificate[],
    candidates: readonly Candidate[],
    report: (path: readonly PathCertificate[]) => boolean,
  ): boolean {
    const last = path.at(-1)!
    for (const { certificate, isAnchor, isOwn } of rank(last, candidates)) {
      const isNew = path.every(
        ({ sha256, subject, keyId }) =>
          sha256 !== certificate.sha256 &&
          !(keyId !== undefined && keyId === certificate.keyId && subject === certificate.subject),
      )
      if (!isNew || !this.#isSigned(last, certificate, isOwn)) continue
      const longer = [...path, certificate]
      if (isAnchor) {
        if (!report(longer)) return false
      } else if (longer.length < searchLimits.depth && !this.#extend(longer, candidates, report)) return false
    }
    return true
  }

  #isSigned(certificate: PathCertificate, issuer: PathCertificate, isOwn: boolean): boolean {
    const key = `${certificate.sha256} ${issuer.sha256}`
    const known = this.#signatures.get(key)
    if (known !== undefined) return known
    if (isOwn ? this.#ownTries++ >= searchLimits.ownTries : this.#tries++ >= searchLimits.tries) return false
    const isSigned = isSignedBy(certificate, issuer)
    this.#signatures.set(key, isSigned)
    return isSigned
  }
}

/** Those whose name the issuer is; one that the key identifier names comes first. */
function rank({ issuer, authorityKeyId }: PathCertificate, candidates: readonly Candidate[]): Candidate[] {
  const named = candidates.filter(({ certificate }) => certificate.subject === issuer)
  const isMeant = ({ certificate: { keyId } }: Candidate) => keyId === authorityKeyId?.keyId
  return [...named.filter(isMeant), ...named.filter(candidate => !isMeant(candidate))]
}

/** Above these a verification costs more than a handshake. */
const [MOST_BITS, LARGEST_EXPONENT] = [8192, 1n << 32n]

function isSignedBy({ certificate }: PathCertificate, { certificate: issuer }: PathCertificate): boolean {
  try {
    const key = issuer.publicKey
    const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
    return modulusLength <= MOST_BITS && publicExponent <= LARGEST_EXPONENT && certificate.verify(key)
  } catch {
    // A key that cannot be read has signed nothing.
    return false
  }
}
