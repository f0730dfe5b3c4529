// X.509 certificates as DER, from their parts (RFC 5280 section 4).
import { tags } from '../certificate/der.ts'
import {
  bitString,
  booleanTrue,
  der,
  extension,
  objectIdentifier,
  octetString,
  sequence,
  smallNumber,
  time,
  unsigned,
} from '../certificate/der-writer.ts'

/**
 * An extension: its object identifier, whether who does not know it must refuse, and its value as
 * DER.
 */
export type Extension = { readonly oid: string; readonly isCritical: boolean; readonly value: Buffer }

/**
 * AlgorithmIdentifier of a signature. RSA's has NULL parameters, ECDSA's none (RFC 4055 5, RFC 5758
 * 3.2), those of RSASSA-PSS are given in DER.
 */
export type AlgorithmIdentifier = { readonly oid: string; readonly parameters: 'none' | 'null' | Buffer }

export type CertificateParts = {
  /** Positive, at most 20 octets (RFC 5280 4.1.2.2). */
  readonly serial: Buffer
  readonly algorithm: AlgorithmIdentifier
  /** A common name, or a whole name in DER. */
  readonly issuer: string | Buffer
  readonly subject: string | Buffer
  readonly notBefore: Date
  readonly notAfter: Date
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer
  readonly extensions: readonly Extension[]
}

/** TBSCertificate, DER: what the issuer signs. */
export function buildTbsCertificate(parts: CertificateParts): Buffer {
  return sequence(
    der(0xa0, smallNumber(2)),
    unsigned(parts.serial),
    identifierOf(parts.algorithm),
    nameOf(parts.issuer),
    sequence(time(parts.notBefore), time(parts.notAfter)),
    nameOf(parts.subject),
    parts.publicKey,
    der(0xa3, sequence(...parts.extensions.map(({ oid, value, isCritical }) => extension(oid, value, isCritical)))),
  )
}

/** The certificate, DER, of a TBSCertificate and the issuer's signature over it. */
export function buildCertificate(tbsCertificate: Buffer, algorithm: AlgorithmIdentifier, signature: Buffer): Buffer {
  return sequence(tbsCertificate, identifierOf(algorithm), bitString(signature))
}

/** An AlgorithmIdentifier in DER. */
export function identifierOf({ oid, parameters }: AlgorithmIdentifier): Buffer {
  if (parameters === 'none') return sequence(objectIdentifier(oid))
  return sequence(objectIdentifier(oid), parameters === 'null' ? der(tags.null) : parameters)
}

/** basicConstraints (RFC 5280 4.2.1.9); `pathLength` for a CA only. */
export function basicConstraints(pathLength: number | null): Buffer {
  return pathLength === null ? sequence() : sequence(booleanTrue(), smallNumber(pathLength))
}

/** keyUsage (RFC 5280 4.2.1.3): bit numbers, digitalSignature 0, keyCertSign 5, cRLSign 6. */
export function keyUsage(bits: readonly number[]): Buffer {
  const octet = bits.reduce((sum, bit) => sum | (0x80 >> bit), 0)
  return der(tags.bitString, Buffer.of(7 - Math.max(...bits), octet))
}

/** extendedKeyUsage (RFC 5280 4.2.1.12). */
export function extendedKeyUsage(oids: readonly string[]): Buffer {
  return sequence(...oids.map(objectIdentifier))
}

/** subjectKeyIdentifier (RFC 5280 4.2.1.2). */
export function subjectKeyIdentifier(identifier: Buffer): Buffer {
  return octetString(identifier)
}

/** authorityKeyIdentifier (RFC 5280 4.2.1.1), the key identifier only. */
export function authorityKeyIdentifier(identifier: Buffer): Buffer {
  return sequence(der(0x80, identifier))
}

/** subjectAltName (RFC 5280 4.2.1.6): host names, and addresses of 4 or 16 octets. */
export function subjectAltName(names: readonly string[], addresses: readonly Buffer[]): Buffer {
  return sequence(
    ...names.map(name => der(0x82, Buffer.from(name, 'latin1'))),
    ...addresses.map(octets => der(0x87, octets)),
  )
}

/** A common name as UTF8String, or a whole name as it is. */
function nameOf(name: string | Buffer): Buffer {
  if (typeof name !== 'string') return name
  return sequence(der(tags.set, sequence(objectIdentifier('2.5.4.3'), der(0x0c, Buffer.from(name)))))
}
