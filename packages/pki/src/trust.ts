// Whom a gateway trusts: the certificates of the CA in `ca.crt`, the present one and, around a
// renewal, those before and after it.
import type { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { Fault, quote } from '@seg/core'
import { type GatewayAuthority, readAuthority } from './certificate/certificate-form.ts'
import { parseCertificates, readCertsFile } from './pem-file.ts'

/** All of `authorities` are of one PKI: each may issue certificates for any gateway. */
export type Trust = { readonly authorities: readonly GatewayAuthority[]; readonly caPem: string }

/**
 * Trust in one CA certificate that was kept, for what was signed while it was ours. Throws the
 * Fault `certificate-invalid` unless a CA of that name and key is trusted now: one that renewed its
 * certificate is the same authority (docs/decisions/0009).
 */
export function trustKept(kept: X509Certificate, { authorities }: Trust): Trust {
  const isListed = authorities.some(
    ({ certificate: ca }) => ca.subject === kept.subject && ca.publicKey.equals(kept.publicKey),
  )
  if (!isListed)
    throw new Fault(
      'certificate-invalid',
      `it was issued by ${quote(kept.subject)} with a key that is not that of a CA in ca.crt`,
    )
  return { authorities: [readAuthority(kept)], caPem: kept.toString() }
}

/** Each certificate of a peer is compared with all of them. */
const MOST = 16

/**
 * Reads `ca.crt`. Throws the Fault `configuration` when it is missing, or holds anything but
 * certificates of CAs that may issue; their dates are not looked at.
 */
export async function loadTrust(certs: string): Promise<Trust> {
  const path = join(certs, 'ca.crt')
  const certificates = parseCertificates(path, await readCertsFile(path))
  if (certificates.length > MOST)
    throw new Fault('configuration', `${path} holds ${certificates.length} certificates, expected at most ${MOST}`)
  const authorities = certificates.map(certificate => {
    try {
      return readAuthority(certificate)
    } catch (cause) {
      if (!(cause instanceof Fault)) throw cause
      throw new Fault('configuration', `${path}: ${cause.detail}`, { cause })
    }
  })
  // TLS sees exactly what was checked, without whatever else stands in the file.
  return { authorities, caPem: certificates.map(certificate => certificate.toString()).join('') }
}
