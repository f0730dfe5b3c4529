// `pki import-p12`: a key, its certificate and the CAs above it, out of one PKCS #12 file.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { basename, dirname } from 'node:path'
import { Fault, onFile, quote, readInput } from '@seg/core'
import { exportPrivateKey } from '../issuing/key-pairs.ts'
import { type NamedFile, writeNewFiles } from '../issuing/new-files.ts'
import { readPkcs12 } from './read-pkcs12.ts'

export type ImportOptions = {
  readonly path: string
  readonly password: string
  /** `PREFIX.key`, `PREFIX.crt` and `PREFIX-ca.crt`. */
  readonly out: string
  /** Encrypts the key. */
  readonly passphrase?: Buffer
}

const LARGEST = 1024 * 1024

/** Throws the Faults `p12-invalid`, `file-unreadable` and `file-exists`. */
export async function importP12({ path, password, out, passphrase }: ImportOptions) {
  const octets = await onFile('read', path, async () => readInput(path, { most: LARGEST }))
  const { key, certificate, others } = openPkcs12(octets, password)
  const name = basename(out)
  const files: NamedFile[] = [
    { name: `${name}.key`, text: exportPrivateKey(key, passphrase) },
    { name: `${name}.crt`, text: certificate.toString() },
    ...(others.length === 0 ? [] : [{ name: `${name}-ca.crt`, text: others.map(String).join('') }]),
  ]
  await writeNewFiles(dirname(out), files)
  return { certificate, others, paths: files.map(({ name: file }) => `${dirname(out)}/${file}`) }
}

/** Its one key and the certificate of that, with others. Throws the Fault `p12-invalid`. */
export function openPkcs12(octets: Buffer, password: string) {
  const { keys, certificates: ders } = readPkcs12(octets, password)
  const [only, ...more] = keys
  if (only === undefined || more.length > 0)
    throw new Fault('p12-invalid', `expected one private key, found ${keys.length}`)
  const certificates = ders.map(readCertificate)
  for (const certificate of certificates) {
    const key = readKey(only, certificate)
    if (key !== undefined) return { key, certificate, others: certificates.filter(other => other !== certificate) }
  }
  const found = certificates.map(({ subject }) => quote(subject ?? '')).join(', ')
  throw new Fault('p12-invalid', `expected the certificate of the key, found ${found || 'no certificate'}`)
}

function readCertificate(der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der)
  } catch (cause) {
    throw new Fault('p12-invalid', 'a certificate in it cannot be read', { cause })
  }
}

/** The key, if it is the certificate's. */
function readKey(pkcs8: Buffer, certificate: X509Certificate): KeyObject | undefined {
  try {
    const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    return certificate.checkPrivateKey(key) ? key : undefined
  } catch {
    return undefined
  }
}
