// What a server brings with its certificate: the answer of its CA about it (OCSP stapling, RFC 6066
// 8).
import { Fault } from '@seg/core'
import { shownName } from '../path/verdict.ts'
import { type OcspQuestion, readOcspResponse } from './ocsp.ts'

const REMEDY = 'the operator of the receiver must see that its OCSP responder answers'

/**
 * That the answer is there, in date, signed by the CA or its responder, and good. Throws the Faults
 * `revocation-unknown` and `certificate-revoked`.
 */
export function checkStapledStatus(staple: Buffer | undefined, question: OcspQuestion, at: Date): void {
  const { subject, fingerprint256 } = question.leaf
  const check = `the certificate "${shownName(subject)}" (SHA-256 ${fingerprint256}): OCSP stapling (RFC 6066 8)`
  if (staple === undefined)
    throw new Fault('revocation-unknown', `${check}: expected the answer of its CA with it, found none; ${REMEDY}`)
  const { revoked } = readStaple(staple, question, at, check)
  if (revoked === undefined) return
  const { at: since, reason } = revoked
  throw new Fault(
    'certificate-revoked',
    `${check}: expected the status good, found revoked at ${new Date(since).toISOString()} (reason ${reason}); ` +
      'the operator of the receiver must replace it',
  )
}

function readStaple(staple: Buffer, question: OcspQuestion, at: Date, check: string) {
  try {
    return readOcspResponse(staple, question, at)
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause
    throw new Fault('revocation-unknown', `${check}: ${cause.detail}; ${REMEDY}`, { cause })
  }
}
