// `pki export-p12`: a key, its certificate and the CAs above it, into one PKCS #12 file.
import type { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Fault, writeDurableFile } from '@seg/core'
import { parseCertificate, parseCertificates, parsePrivateKey, readCertsFile, readKeyFile } from '../pem-file.ts'
import { writePkcs12 } from './write-pkcs12.ts'

export type ExportOptions = {
  readonly certs: string
  /** `NAME.crt` and `NAME.key`. */
  readonly name: string
  readonly password: string
  readonly out: string
}

const LONGEST_CHAIN = 8

/** Throws the Faults `configuration`, `file-exists` and `file-unreadable`. */
export async function exportP12({ certs, name, password, out }: ExportOptions) {
  const path = join(certs, `${name}.crt`)
  const certificate = parseCertificate(path, await readCertsFile(path))
  const keyPath = join(certs, `${name}.key`)
  const key = parsePrivateKey(keyPath, await readKeyFile(keyPath, `${name}.crt is there: bring its key`))
  if (!certificate.checkPrivateKey(key))
    throw new Fault('configuration', `${keyPath} is not the key of ${name}.crt; bring the two that belong together`)
  const caPath = join(certs, 'ca.crt')
  const cas = existsSync(caPath) ? parseCertificates(caPath, await readCertsFile(caPath)) : []
  const chain = chainOf(certificate, cas)
  const octets = writePkcs12({ key, certificate, chain, name }, password)
  await writeDurableFile(out, octets, { mode: 0o600 }).catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'EEXIST'
      ? new Fault('file-exists', `nothing was written, because ${out} is there: choose another --out`, { cause })
      : new Fault('file-unreadable', `cannot write ${out}: ${cause.message}`, { cause })
  })
  return { certificate, chain }
}

function chainOf(certificate: X509Certificate, cas: readonly X509Certificate[]): X509Certificate[] {
  const chain: X509Certificate[] = []
  for (let last = certificate; chain.length < LONGEST_CHAIN; ) {
    const issuer = cas.find(
      ca => ca !== last && !chain.includes(ca) && last.checkIssued(ca) && last.verify(ca.publicKey),
    )
    if (issuer === undefined) break
    chain.push(issuer)
    last = issuer
  }
  return chain
}
