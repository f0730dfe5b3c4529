// A partner as the configuration names it: who it is, by which certificates it is recognized, and
// what it may send.

/** What a certificate is recognized for: a connection, and signatures of documents. */
export type CertificateUse = 'tls' | 'sign'

/**
 * Recognizes certificates. Everything that is given must match exactly; at least a pin, or an
 * authority with a name.
 */
export type CertificateRule = {
  readonly uses: readonly CertificateUse[]
  /** The authority that must have issued it; without one, a pin recognizes it with any issuer. */
  readonly authority: string | undefined
  /**
   * Attributes of the subject by object identifier, each exactly once in it; empty: none is
   * compared.
   */
  readonly subject: ReadonlyMap<string, string>
  /** SHA-256 of the certificate, hexadecimal with colons, as OpenSSL and Node print it. */
  readonly sha256: string | undefined
  /** SHA-256 of the SubjectPublicKeyInfo, base64. */
  readonly spki: string | undefined
  /** The one URI in its subjectAltName. */
  readonly uri: string | undefined
  /** Milliseconds since 1970; both ends belong to it. */
  readonly from: number
  readonly until: number
  /** In the configuration. */
  readonly line: number
}

export type PartnerState = 'active' | 'suspended'

/** Undefined: the receiver's general setting. */
export type PartnerLimits = {
  /** Of one document; never more than the receiver's general limit. */
  readonly bytes?: number | undefined
  /** Documents a second; Infinity for no limit. */
  readonly rate?: number | undefined
  /** Documents being received at a time; never more than the receiver's general limit. */
  readonly concurrency?: number | undefined
  /** Seconds. */
  readonly clockSkew?: number | undefined
}

export type Partner = {
  readonly id: string
  readonly name: string | undefined
  readonly contact: string | undefined
  readonly state: PartnerState
  readonly certificates: readonly CertificateRule[]
  readonly limits: PartnerLimits
  /** Names of the types of documents that it may send; undefined: all that the receiver takes. */
  readonly documents: readonly string[] | undefined
  /** Whether its connections must have a hybrid key agreement: X25519 and ML-KEM-768. */
  readonly requiresHybrid: boolean
  /** Whether an operator must accept its next certificate; undefined: it counts as announced. */
  readonly needsApproval?: boolean | undefined
  readonly line: number
}

/**
 * Whom a gateway relies on. `ca`: the one authority of certs/ca.crt, each CN of which is a partner.
 * `listed`: the partners that are listed.
 */
export type TrustMode = 'ca' | 'listed'

export type AuthorityRecord = {
  readonly name: string
  /** Files, as they are written. */
  readonly anchors: string
  readonly intermediates: string | undefined
  /** Files as they are written, and addresses (http, https). */
  readonly crls: readonly string[]
  readonly needsCrl: boolean
  /** The address of its OCSP responder. */
  readonly ocsp: string | undefined
  /** Whether a certificate counts without an answer of the responder; undefined: it does. */
  readonly needsOcsp: true | undefined
  /** Milliseconds between two fetches of a list from its address, or two questions. */
  readonly refresh: number | undefined
  /** Milliseconds. */
  readonly grace: number
  readonly from: number
  readonly until: number
  readonly line: number
}

export type TrustRecord = {
  readonly mode: TrustMode
  readonly authorities: readonly AuthorityRecord[]
  readonly partners: readonly Partner[]
}
