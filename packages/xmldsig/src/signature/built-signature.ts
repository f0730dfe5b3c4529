// The Signatures of one signer differ in their digest and value alone: xml-crypto builds the first,
// and those after it are written after that one. Building one takes longer than an RSA operation.
import type { X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'
import type { SignatureRow } from './algorithms.ts'
import { makeOwnValue } from './own-value.ts'
import { type Signer, signingAlgorithm } from './signing-key.ts'

type Pattern = {
  readonly key: Signer['key']
  /** Canonical SignedInfo before and behind the digest. */
  readonly signedInfo: readonly [string, string]
  /** The element before the digest, between it and the value, and behind that. */
  readonly element: readonly [string, string, string]
}

const patterns = new WeakMap<X509Certificate, Pattern>()

/**
 * Builds an enveloped Signature over the whole document (Reference URI="") whose canonical form
 * under Exclusive C14N has this SHA-256 digest. The algorithm follows from the key; KeyInfo holds
 * the certificate. The private-key operation runs off the main thread. Throws the Fault
 * `configuration` for a key that cannot sign.
 */
export async function buildSignature(digest: Buffer, signer: Signer): Promise<string> {
  const { key, certificate } = signer
  const row = signingAlgorithm(signer)
  const text = digest.toString('base64')
  const pattern = patterns.get(certificate)
  if (pattern?.key === key) {
    const value = await makeBase64Value(pattern.signedInfo.join(text), row, signer)
    const [before, between, behind] = pattern.element
    return `${before}${text}${between}${value}${behind}`
  }
  const { buildWithXmlCrypto } = await import('./xml-crypto.ts')
  const built = { signedInfo: '', value: '' }
  const element = await buildWithXmlCrypto(text, row, certificate, async signedInfo => {
    built.signedInfo = signedInfo
    built.value = await makeBase64Value(signedInfo, row, signer)
    return built.value
  })
  keepPattern(signer, element, text, built)
  return element
}

async function makeBase64Value(signedInfo: string, row: SignatureRow, signer: Signer): Promise<string> {
  try {
    return (await makeOwnValue(Buffer.from(signedInfo), row, signer)).toString('base64')
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault('configuration', `the private key cannot sign: ${(cause as Error).message}`, { cause })
  }
}

/** Both must stand once in the element, in this order, or each Signature is built again. */
function keepPattern(
  { key, certificate }: Signer,
  element: string,
  digest: string,
  { signedInfo, value }: { signedInfo: string; value: string },
): void {
  const [before = '', rest = '', ...more] = element.split(`>${digest}<`)
  const [between = '', behind = '', ...others] = rest.split(`>${value}<`)
  const [infoBefore = '', infoBehind = '', ...infos] = signedInfo.split(`>${digest}<`)
  if (more.length + others.length + infos.length > 0 || behind === '' || infoBehind === '') return
  patterns.set(certificate, {
    key,
    signedInfo: [`${infoBefore}>`, `<${infoBehind}`],
    element: [`${before}>`, `<${between}>`, `<${behind}`],
  })
}
