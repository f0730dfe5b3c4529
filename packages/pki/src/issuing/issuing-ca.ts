// The CA that issues and revokes: of the certificates in `ca.crt` the one that `ca.key` belongs to.
import type { KeyObject, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { Fault, quote } from '@seg/core'
import { readAuthority } from '../certificate/certificate-form.ts'
import { readBasicConstraints } from '../certificate/extensions.ts'
import { parsePathCertificate } from '../path/path-certificate.ts'
import { parseCertificates, parsePrivateKey, readCertsFile, readKeyFile } from '../pem-file.ts'
import type { CertificateIssuer } from './issue.ts'

export type IssuingCa = {
  readonly certificate: X509Certificate
  readonly key: KeyObject
  /** CAs that may stand below it; undefined when there is no bound. */
  readonly pathLength: number | undefined
}

/** The CA as what signs certificates: its own subject and key identifier, to the octet. */
export function toIssuer({ certificate, key }: IssuingCa): CertificateIssuer {
  const { fields, keyId } = parsePathCertificate(certificate)
  const keys = { publicKey: certificate.publicKey, privateKey: key }
  return {
    name: certificate.subject,
    subject: fields.subject,
    keys,
    ...(keyId !== undefined && { keyId: Buffer.from(keyId, 'hex') }),
  }
}

/**
 * Reads `NAME.crt` and `NAME.key`. Throws the Faults `configuration` and those of a CA that may not
 * issue.
 */
export async function loadIssuingCa(certs: string, name: string): Promise<IssuingCa> {
  const path = join(certs, `${name}.crt`)
  const keyPath = join(certs, `${name}.key`)
  const certificates = parseCertificates(path, await readCertsFile(path))
  const advice = `no gateway needs it, and it may be on another machine: run this where it is, with --certs`
  const key = parsePrivateKey(keyPath, await readKeyFile(keyPath, advice))
  const certificate = certificates.find(found => found.checkPrivateKey(key))
  if (certificate === undefined)
    throw new Fault(
      'configuration',
      `${keyPath} is the key of no certificate in ${path}; ` +
        `expected that of ${certificates.map(({ subject }) => quote(subject)).join(' or ')}`,
    )
  const { fields } = readAuthority(certificate)
  return { certificate, key, pathLength: readBasicConstraints(fields.extensions)?.pathLength }
}
