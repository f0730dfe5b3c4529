// Why a certificate on a path is refused, on its way from the check that found it to the verdict.
import type { X509Certificate } from 'node:crypto'
import type { FaultCode } from '@seg/core'
import type { PathCertificate } from './path-certificate.ts'

type Reason = {
  readonly code: FaultCode
  readonly check: string
  readonly expected: string
  readonly found: string
  readonly remedy: string
}

/** A certificate of which an authority must say whether it is revoked, and has not. */
export type MissingStatus = {
  readonly authority: string
  readonly leaf: X509Certificate
  readonly issuer: X509Certificate
}

/** Thrown and caught within this folder; what leaves it is a verdict. */
export class PathRefusal extends Error {
  readonly certificate: PathCertificate
  readonly reason: Reason
  readonly missing: MissingStatus | undefined

  constructor(certificate: PathCertificate, reason: Reason, missing?: MissingStatus) {
    super(`${reason.check}: expected ${reason.expected}, found ${reason.found}`)
    this.certificate = certificate
    this.reason = reason
    this.missing = missing
  }
}
