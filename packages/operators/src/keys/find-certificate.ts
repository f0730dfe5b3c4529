// A certificate of our CA by its serial number, among those that are known here: a mistyped number
// is not revoked as that of somebody.
import { X509Certificate } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readInput } from '@seg/core'
import { parseSerial, readBundle } from '@seg/pki'
import type { ApiParts } from '../api/parts.ts'

/** Files that are looked at, and octets of one. */
const [FILES, OCTETS] = [5000, 64 * 1024]

/** Those in use, and what `pki issue` has made in the folder of certificates. */
export async function findCertificate(
  serial: Buffer,
  { certs, ask }: Pick<ApiParts, 'certs' | 'ask'>,
): Promise<X509Certificate | undefined> {
  const ca = new X509Certificate(await readFile(join(certs, 'ca.crt')))
  const isIt = (one: X509Certificate) => one.issuer === ca.subject && parseSerial(one.serialNumber)?.equals(serial)
  const inUse = (await ask('certificates')).map(({ der }) => new X509Certificate(der)).find(isIt)
  if (inUse !== undefined) return inUse
  const names = (await readdir(certs)).filter(name => name.endsWith('.crt')).slice(0, FILES)
  for (const name of names) {
    const found = certificatesIn(join(certs, name)).find(isIt)
    if (found !== undefined) return found
  }
  return undefined
}

/** None of what cannot be read, or is no certificate. */
function certificatesIn(path: string): readonly X509Certificate[] {
  try {
    return readBundle(readInput(path, { most: OCTETS, onlyFile: true })).certificates
  } catch {
    return []
  }
}
