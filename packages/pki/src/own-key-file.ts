// The key of a certificate that signs XML: in its file, or in a token whose address the file holds.
import { KeyObject, type X509Certificate } from 'node:crypto'
import { parsePrivateKey, readKeyFile } from './pem-file.ts'
import { type TokenKey, tokenKeyOf } from './pkcs11/token-key.ts'
import { isTokenUri } from './pkcs11/token-uri.ts'

export type SigningKeyFile = {
  readonly key: KeyObject | TokenKey
  /** PEM, or the address. */
  readonly text: string
}

/** Throws the Fault `configuration`; no token is asked yet. */
export async function readSigningKey(path: string, advice: string): Promise<SigningKeyFile> {
  const text = await readKeyFile(path, advice)
  return { key: isTokenUri(text) ? tokenKeyOf(path, text) : parsePrivateKey(path, text), text }
}

/** Of a key in a token `proveKey` finds that out. */
export function isOtherThan(key: KeyObject | TokenKey, certificate: X509Certificate): boolean {
  return key instanceof KeyObject && !certificate.checkPrivateKey(key)
}
