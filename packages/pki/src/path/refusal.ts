// Why a certificate on a path is refused, on its way from the check that found it to the verdict.
import type { FaultCode } from '@seg/core'
import type { PathCertificate } from './path-certificate.ts'

type Reason = {
  readonly code: FaultCode
  readonly check: string
  readonly expected: string
  readonly found: string
  readonly remedy: string
}

/** Thrown and caught within this folder; what leaves it is a verdict. */
export class PathRefusal extends Error {
  readonly certificate: PathCertificate
  readonly reason: Reason

  constructor(certificate: PathCertificate, reason: Reason) {
    super(`${reason.check}: expected ${reason.expected}, found ${reason.found}`)
    this.certificate = certificate
    this.reason = reason
  }
}
