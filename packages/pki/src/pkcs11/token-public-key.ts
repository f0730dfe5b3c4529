// A public key as a token describes it, as node:crypto has it.
import { createPublicKey, type KeyObject } from 'node:crypto'
import { Fault } from '@seg/core'
import { DerError, DerReader, tags } from '../certificate/der.ts'
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
  for (const point of readPoints(Buffer.from(key.point))) {
    try {
      const spki = sequence(algorithm, bitString(point))
      return createPublicKey({ key: spki, format: 'der', type: 'spki' })
    } catch {
      // Not this form of the point.
    }
  }
  throw new Fault('configuration', `expected the public half of an ${key.kind} key in the token, found another point`)
}

/** PKCS #11 2.40 and later have an OCTET STRING around it; some tokens have the point alone. */
function* readPoints(point: Buffer): Generator<Buffer> {
  const reader = new DerReader(point)
  try {
    const { content } = reader.read(tags.octetString, 'the point of a public key')
    if (reader.isAtEnd) yield content
  } catch (error) {
    if (!(error instanceof DerError)) throw error
  }
  yield point
}

function base64Url(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64url')
}
