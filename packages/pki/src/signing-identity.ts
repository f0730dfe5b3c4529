// The sender's certificate for signatures, where it has one apart from that of its connections.
import type { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@seg/core'
import { isOtherThan, readSigningKey, type SigningKeyFile } from './own-key-file.ts'
import { checkAlone } from './path/check-alone.ts'
import { parseCertificate, readCertsFile } from './pem-file.ts'

export type SigningIdentity = { readonly certificate: X509Certificate; readonly key: SigningKeyFile['key'] }

/**
 * Reads `signing.crt` and `signing.key`; undefined when neither is there. Throws the Fault
 * `configuration` when one is missing, unreadable, or they do not belong together; a key in a token
 * is asked by `proveKey`.
 */
export async function loadSigningIdentity(certs: string): Promise<SigningIdentity | undefined> {
  const [certificatePath, keyPath] = [join(certs, 'signing.crt'), join(certs, 'signing.key')]
  if (!existsSync(certificatePath) && !existsSync(keyPath)) return undefined
  const advice = 'bring the other of signing.crt and signing.key, or put aside the one that is there (docs/partners.md)'
  const certificate = parseCertificate(certificatePath, await readCertsFile(certificatePath, advice))
  const { key } = await readSigningKey(keyPath, advice)
  if (isOtherThan(key, certificate))
    throw new Fault('configuration', `${keyPath} is not the key of signing.crt; bring the one that it was issued for`)
  return { certificate, key }
}

/**
 * That a receiver could rely on it at that time; who issued it is the receiver's to judge. Throws
 * the Faults of `checkAlone`.
 */
export function checkSigning(certificate: X509Certificate, at: Date): void {
  checkAlone(certificate, 'sign', at, 'the certificate for signatures, signing.crt,')
}
