// A public key as a token describes it, as node:crypto has it.
import { createPublicKey, type KeyObject } from 'node:crypto'
import { DerReader, tags } from '../certificate/der.ts'
import { bitString, objectIdentifier, sequence } from '../certificate/der-writer.ts'
import type { TokenPublicKey } from './token-messages.ts'

const EC_PUBLIC_KEY = '1.2.840.10045.2.1'
const ED25519 = '1.3.101.112'

export function toPublicKey(key: TokenPublicKey): KeyObject {
  if (key.kind === 'rsa') {
    const jwk = { kty: 'RSA', n: base64Url(key.modulus), e: base64Url(key.exponent) }
    return createPublicKey({ key: jwk, format: 'jwk' })
  }
  const algorithm =
    key.kind === 'ec'
      ? sequence(objectIdentifier(EC_PUBLIC_KEY), Buffer.from(key.parameters))
      : sequence(objectIdentifier(ED25519))
  const spki = sequence(algorithm, bitString(readPoint(Buffer.from(key.point))))
  return createPublicKey({ key: spki, format: 'der', type: 'spki' })
}

/** PKCS #11 2.40 and later have an OCTET STRING around it. */
function readPoint(point: Buffer): Buffer {
  return new DerReader(point).read(tags.octetString, 'the point of a public key').content
}

function base64Url(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64url')
}
