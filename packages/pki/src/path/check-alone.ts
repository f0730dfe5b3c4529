// The checks of one certificate that do not depend on its issuer: its form, its use and its dates.
import type { X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'
import { checkLeaf } from './check-certificate-form.ts'
import { readPathCertificate } from './path-certificate.ts'
import type { PathPurpose } from './purposes.ts'
import { PathRefusal } from './refusal.ts'
import { faultOfPath, nameOf } from './verdict.ts'

/**
 * The last moment at which it counts. `name`: what errors call it. Throws the Faults
 * `certificate-invalid`, `certificate-purpose` and `certificate-expired`.
 */
export function checkAlone(leaf: X509Certificate, purpose: PathPurpose, at: Date, name: string): Date {
  const certificate = readPathCertificate(leaf)
  if (certificate === undefined) throw new Fault('certificate-invalid', `${name}: expected DER (RFC 5280 4.1)`)
  try {
    checkLeaf(certificate, purpose)
  } catch (error) {
    if (!(error instanceof PathRefusal)) throw error
    throw faultOfPath({ ok: false, standsBehind: true, certificate: nameOf(leaf), ...error.reason })
  }
  const { from, to } = certificate.fields
  const time = at.getTime()
  if (from <= time && time <= to) return new Date(to)
  const dates = `from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}`
  throw new Fault('certificate-expired', `${name} is valid ${dates}; it is ${at.toISOString()}`)
}
