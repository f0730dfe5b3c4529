// Whom a gateway trusts: the certificates of the CA in `ca.crt`, the present one and, around a
// renewal, those before and after it.
import { join } from 'node:path'
import { Fault } from '@seg/core'
import { type GatewayAuthority, readAuthority } from './certificate/certificate-form.ts'
import { parseCertificates, readCertsFile } from './pem-file.ts'

/** All of `authorities` are of one PKI: each may issue certificates for any gateway. */
export type Trust = { readonly authorities: readonly GatewayAuthority[]; readonly caPem: string }

/** Each certificate of a peer is compared with all of them. */
const MOST = 16

/**
 * Reads `ca.crt`. Throws the Fault `configuration` when it is missing, or holds anything but
 * certificates of CAs that may issue; their dates are not looked at.
 */
export function loadTrust(certs: string): Promise<Trust> {
  return loadTrustFile(join(certs, 'ca.crt'))
}

/** The same for a file of another name; `advice` says what names it. */
export async function loadTrustFile(path: string, advice?: string): Promise<Trust> {
  return parseAuthorities(path, await readCertsFile(path, advice))
}

/** The same of the text of a file. */
export function parseAuthorities(path: string, text: string): Trust {
  const certificates = parseCertificates(path, text)
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
  // TLS gets exactly what was checked, without the other content of the file.
  return { authorities, caPem: certificates.map(certificate => certificate.toString()).join('') }
}
