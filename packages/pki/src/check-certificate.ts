// Whether a peer's certificate may do what it is used for: issued by our CA, in date, of the right purpose, naming one gateway.
import type { X509Certificate } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import type { Trust } from './identity.ts'
import { type GatewayProfile, profiles } from './profiles.ts'

/** 1 to 128 printable characters, no space at either end. */
const GATEWAY_ID = /^(?! )[\p{L}\p{M}\p{N}\p{P}\p{S} ]{1,128}(?<! )$/u

/** A subject that is one CN of characters that need no escape: neither another line, nor a ` + `, nor `#` can hide in it. */
const PLAIN_SUBJECT = /^CN=([A-Za-z0-9_.:-]+(?: +[A-Za-z0-9_.:-]+)*)$/

/** What is known of a certificate that passed, and does not change: it is asked about again with every request of a connection. */
type Standing = { readonly profile: GatewayProfile; readonly trust: Trust; readonly from: number; readonly to: number }
const standings = new WeakMap<X509Certificate, Standing>()
const gatewayIds = new WeakMap<X509Certificate, string>()

/** The gateway's id: the subject's one CN. Throws the Fault `certificate-invalid` when there is none, more than one, or it is no id. */
export function gatewayId(certificate: X509Certificate): string {
  const id = gatewayIds.get(certificate) ?? readGatewayId(certificate)
  gatewayIds.set(certificate, id)
  return id
}

function readGatewayId(certificate: X509Certificate): string {
  const plain = PLAIN_SUBJECT.exec(certificate.subject)?.[1]
  if (plain !== undefined) return checkGatewayId(plain)
  // Every other name from the structure, in which no escape needs undoing; it costs a request more than all else here.
  const names: unknown = certificate.toLegacyObject().subject?.CN
  if (typeof names !== 'string')
    throw new Fault(
      'certificate-invalid',
      `expected one CN in the certificate's subject, found ${Array.isArray(names) ? names.length : 'none'}`,
    )
  return checkGatewayId(names)
}

/** Narrows a name to a gateway's id; throws the Fault `certificate-invalid`. */
function checkGatewayId(name: string): string {
  if (!isGatewayId(name))
    throw new Fault(
      'certificate-invalid',
      `expected 1 to 128 printable characters as CN, no space at either end, found ${quote(name)}`,
    )
  return name
}

export function isGatewayId(name: string): boolean {
  return GATEWAY_ID.test(name)
}

/** Throws the Faults `certificate-invalid` (issuer, dates, form) and `certificate-purpose`. RFC 5280 6.1, for a path of one certificate under the root. */
export function checkCertificate(certificate: X509Certificate, profile: GatewayProfile, trust: Trust, now: Date): void {
  const known = standings.get(certificate)
  if (known?.profile === profile && known.trust === trust && now.getTime() >= known.from && now.getTime() <= known.to)
    return
  const { ca } = trust
  if (!certificate.checkIssued(ca) || !certificate.verify(ca.publicKey)) {
    throw new Fault(
      'certificate-invalid',
      `expected a certificate issued by ${quote(ca.subject)}, found one of ${quote(certificate.issuer)}`,
    )
  }
  for (const { validFromDate, validToDate, subject } of [certificate, ca]) {
    if (now < validFromDate || now > validToDate) {
      throw new Fault(
        'certificate-invalid',
        `${quote(subject)} is valid from ${validFromDate.toISOString()} to ${validToDate.toISOString()}; it is ${now.toISOString()}`,
      )
    }
  }
  if (certificate.ca) throw new Fault('certificate-purpose', "expected a gateway's certificate, found a CA's")
  const { purpose, title } = profiles[profile]
  // Node's keyUsage is the extended key usage, as object identifiers.
  if (!certificate.keyUsage?.includes(purpose)) {
    throw new Fault(
      'certificate-purpose',
      `expected a ${title} with the extended key usage ${purpose}, found ${certificate.keyUsage?.join(', ') || 'none'}`,
    )
  }
  gatewayId(certificate)
  const from = Math.max(certificate.validFromDate.getTime(), ca.validFromDate.getTime())
  const to = Math.min(certificate.validToDate.getTime(), ca.validToDate.getTime())
  standings.set(certificate, { profile, trust, from, to })
}
