// Whose a certificate is: the gateway's id is the subject's one CN.
import type { X509Certificate } from 'node:crypto'
import { Fault, GATEWAY_ID, quote } from '@seg/core'

/**
 * A subject that is one CN of characters that need no escape: neither another line, nor a ` + `,
 * nor `#` can hide in it.
 */
const PLAIN_SUBJECT = /^CN=([A-Za-z0-9_.:-]+(?: +[A-Za-z0-9_.:-]+)*)$/

const gatewayIds = new WeakMap<X509Certificate, string>()

/**
 * The gateway's id: the subject's one CN. Throws the Fault `certificate-invalid` when there is
 * none, more than one, or it is no id.
 */
export function gatewayId(certificate: X509Certificate): string {
  const id = gatewayIds.get(certificate) ?? readGatewayId(certificate)
  gatewayIds.set(certificate, id)
  return id
}

function readGatewayId(certificate: X509Certificate): string {
  const plain = PLAIN_SUBJECT.exec(certificate.subject)?.[1]
  if (plain !== undefined) return checkGatewayId(plain)
  // Every other name from the structure, in which no escape needs undoing; it costs a request more
  // than all else here.
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

/**
 * X.520's bound on a common name (ub-common-name, RFC 5280 A.1): OpenSSL and others make no
 * certificate for a longer one.
 */
export const LONGEST_COMMON_NAME = 64

/** Whether a certificate can be issued for this id. */
export function isIssuableId(name: string): boolean {
  return isGatewayId(name) && Array.from(name).length <= LONGEST_COMMON_NAME
}
