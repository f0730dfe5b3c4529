// What CAs answered about certificates that partners use, and of which an answer is wanted: shared
// by all snapshots of a process, and bounded.
import type { X509Certificate } from 'node:crypto'
import { issuerIdOf, readPathCertificate } from '../path/path-certificate.ts'
import type { MissingStatus } from '../path/refusal.ts'
import { type CertificateStatus, statusKey } from '../path/revocation-lists.ts'

export type WantedStatus = MissingStatus & { readonly key: string }

/** Certificates of which an answer is kept; the one not seen for longest gives way. */
const MOST = 4096

export class StatusBoard {
  readonly #seen: (certificate: MissingStatus) => void
  readonly #wanted = new Map<string, WantedStatus>()
  #statuses: ReadonlyMap<string, CertificateStatus> = new Map()

  /** `seen`: gets each certificate that is in use, for a board elsewhere that has the answers. */
  constructor(seen: (certificate: MissingStatus) => void = () => {}) {
    this.#seen = seen
  }

  /** Replaced whole with each answer. */
  get statuses(): ReadonlyMap<string, CertificateStatus> {
    return this.#statuses
  }

  /** A certificate is in use, and leads to this authority. */
  see({ authority, leaf, issuer }: MissingStatus): void {
    const key = keyOf(leaf, issuer)
    if (key === undefined) return
    this.#seen({ authority, leaf, issuer })
    this.#wanted.delete(key)
    this.#wanted.set(key, { authority, leaf, issuer, key })
    if (this.#wanted.size > MOST) this.#wanted.delete(this.#wanted.keys().next().value!)
  }

  wanted(): WantedStatus[] {
    return [...this.#wanted.values()]
  }

  /** Those of a board elsewhere. */
  replace(statuses: ReadonlyMap<string, CertificateStatus>): void {
    this.#statuses = statuses
  }

  answer(key: string, status: CertificateStatus): void {
    const kept = [...this.#statuses].filter(([known]) => this.#wanted.has(known))
    this.#statuses = new Map([...kept, [key, status]])
  }
}

function keyOf(leaf: X509Certificate, issuer: X509Certificate): string | undefined {
  const [certificate, ca] = [readPathCertificate(leaf), readPathCertificate(issuer)]
  return certificate && ca && statusKey(issuerIdOf(ca), certificate.serial)
}
