// Whose certificate a document must verify with: that of the connection, or another one that the
// partner's record names for its signatures. KeyInfo chooses among these, and adds none.
import { X509Certificate } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import { type Partner, type RecognizedPartner, recognizeSigner } from '@seg/pki'
import type { SignerChoice } from '@seg/xmldsig'
import type { Credentials } from '../credentials/live-credentials.ts'
import type { Peer } from '../http/peer.ts'

/** Certificates of one snapshot that signed, as they stand in KeyInfo; the oldest gives way. */
const REMEMBERED = 1024
const recognized = new WeakMap<Credentials, Map<string, RecognizedPartner>>()
/** What a partner signed with last. */
const latest = new WeakMap<Partner, X509Certificate>()

export class SigningCertificate implements SignerChoice {
  readonly #peer: Peer
  readonly #now: () => Date
  #claimed: string | undefined
  #path: readonly X509Certificate[] | undefined

  constructor(peer: Peer, now: () => Date) {
    this.#peer = peer
    this.#now = now
  }

  get likely(): X509Certificate | undefined {
    const { recognized: found, certificate } = this.#peer
    return (found.partner && latest.get(found.partner)) ?? (found.maySign ? certificate : undefined)
  }

  /** Throws the Faults of `recognizeSigner`. */
  choose(claimed: string | undefined): X509Certificate {
    this.#claimed = claimed
    this.#path = pathOf(claimed, this.#peer, this.#now())
    return this.#path[0]!
  }

  /** From the certificate that was chosen to the anchor; a pinned one stands alone. */
  get path(): readonly X509Certificate[] {
    if (this.#path === undefined) throw new TypeError('no document was verified yet')
    return this.#path
  }

  /** That it counts for `peer`, who sent it, as it is now. Throws as `choose` does. */
  confirm(peer: Peer, now: Date): void {
    this.#path = pathOf(this.#claimed, peer, now)
  }
}

function pathOf(claimed: string | undefined, peer: Peer, now: Date): readonly X509Certificate[] {
  const { id, certificate, recognized: connection } = peer
  const { partner, maySign } = connection
  const isOwn = claimed === undefined || partner === undefined || partner.certificates.length === 0
  // What else KeyInfo may hold then is the verifier's to refuse.
  if (isOwn || claimed === base64Of(certificate)) {
    if (maySign) return connection.path
    throw new Fault(
      'signature-key',
      `expected in KeyInfo a certificate that the record of ${quote(id)} names for signatures, ` +
        `found ${claimed === undefined ? 'none' : 'that of the connection'}, which is for tls alone`,
    )
  }
  const signer = recall(claimed, partner, peer, now)
  latest.set(partner, signer.path[0]!)
  return signer.path
}

function recall(claimed: string, partner: Partner, { credentials, recognized: connection }: Peer, now: Date) {
  const known = recognized.get(credentials) ?? new Map<string, RecognizedPartner>()
  recognized.set(credentials, known)
  const key = `${partner.id} ${claimed}`
  const found = known.get(key)
  const time = now.getTime()
  if (found !== undefined && found.from <= time && time <= found.to) return found
  const leaf = found?.path[0] ?? parse(claimed)
  const signer = recognizeSigner(leaf, connection.path.slice(1), partner, credentials.policy, now)
  known.delete(key)
  known.set(key, signer)
  if (known.size > REMEMBERED) known.delete(known.keys().next().value!)
  return signer
}

function parse(claimed: string): X509Certificate {
  try {
    return new X509Certificate(Buffer.from(claimed, 'base64'))
  } catch (cause) {
    throw new Fault('signature-key', 'expected a certificate in KeyInfo, found octets that are none', { cause })
  }
}

const texts = new WeakMap<X509Certificate, string>()

function base64Of(certificate: X509Certificate): string {
  const known = texts.get(certificate) ?? certificate.raw.toString('base64')
  texts.set(certificate, known)
  return known
}
