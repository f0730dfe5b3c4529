// The CA that issues and revokes: of the certificates in `ca.crt` the one that `ca.key` belongs to.
import type { KeyObject, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { Fault, quote } from '@seg/core'
import { readAuthority } from '../certificate/certificate-form.ts'
import { parseCertificates, parsePrivateKey, readCertsFile, readKeyFile } from '../pem-file.ts'

export type IssuingCa = { readonly certificate: X509Certificate; readonly key: KeyObject }

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
      `${keyPath} is the key of no certificate in ${path}; expected that of ${certificates.map(({ subject }) => quote(subject)).join(' or ')}`,
    )
  readAuthority(certificate)
  return { certificate, key }
}
