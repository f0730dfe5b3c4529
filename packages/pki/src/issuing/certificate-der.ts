// X.509 certificates as DER, built with node-forge's ASN.1; only strings, dates and Buffers cross
// this border (RFC 5280 section 4).
import forge from 'node-forge'
import * as writer from '../certificate/der-writer.ts'

const { asn1, util } = forge
type Asn1 = forge.asn1.Asn1

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
  return toDer(
    sequence(
      tagged(0, integer(Buffer.of(2))),
      integer(parts.serial),
      algorithmIdentifier(parts.algorithm),
      nameOf(parts.issuer),
      sequence(time(parts.notBefore), time(parts.notAfter)),
      nameOf(parts.subject),
      fromDer(parts.publicKey),
      tagged(3, sequence(...parts.extensions.map(extension))),
    ),
  )
}

/** The certificate, DER, of a TBSCertificate and the issuer's signature over it. */
export function buildCertificate(tbsCertificate: Buffer, algorithm: AlgorithmIdentifier, signature: Buffer): Buffer {
  return toDer(sequence(fromDer(tbsCertificate), algorithmIdentifier(algorithm), bitString(signature, 0)))
}

/** basicConstraints (RFC 5280 4.2.1.9); `pathLength` for a CA only. */
export function basicConstraints(pathLength: number | null): Buffer {
  if (pathLength === null) return toDer(sequence())
  return toDer(sequence(primitive(asn1.Type.BOOLEAN, '\xff'), integer(Buffer.of(pathLength))))
}

/** keyUsage (RFC 5280 4.2.1.3): bit numbers, digitalSignature 0, keyCertSign 5, cRLSign 6. */
export function keyUsage(bits: readonly number[]): Buffer {
  const octet = bits.reduce((sum, bit) => sum | (0x80 >> bit), 0)
  return toDer(bitString(Buffer.of(octet), 7 - Math.max(...bits)))
}

/**
 * extendedKeyUsage (RFC 5280 4.2.1.12); its identifiers may hold larger numbers than forge can
 * write.
 */
export function extendedKeyUsage(oids: readonly string[]): Buffer {
  return writer.sequence(...oids.map(writer.objectIdentifier))
}

/** subjectKeyIdentifier (RFC 5280 4.2.1.2). */
export function subjectKeyIdentifier(identifier: Buffer): Buffer {
  return toDer(primitive(asn1.Type.OCTETSTRING, identifier.toString('binary')))
}

/** authorityKeyIdentifier (RFC 5280 4.2.1.1), the key identifier only. */
export function authorityKeyIdentifier(identifier: Buffer): Buffer {
  return toDer(sequence(contextPrimitive(0, identifier)))
}

/** subjectAltName (RFC 5280 4.2.1.6): host names, and addresses of 4 or 16 octets. */
export function subjectAltName(names: readonly string[], addresses: readonly Buffer[]): Buffer {
  return toDer(
    sequence(
      ...names.map(name => contextPrimitive(2, Buffer.from(name, 'latin1'))),
      ...addresses.map(octets => contextPrimitive(7, octets)),
    ),
  )
}

/** RFC 5280 4.1: critical is DEFAULT FALSE, and a default is not encoded (X.690 11.5). */
function extension({ oid, isCritical, value }: Extension): Asn1 {
  const critical = isCritical ? [primitive(asn1.Type.BOOLEAN, '\xff')] : []
  return sequence(objectIdentifier(oid), ...critical, primitive(asn1.Type.OCTETSTRING, value.toString('binary')))
}

function nameOf(name: string | Buffer): Asn1 {
  return typeof name === 'string' ? commonName(name) : fromDer(name)
}

function commonName(name: string): Asn1 {
  const attribute = sequence(objectIdentifier('2.5.4.3'), primitive(asn1.Type.UTF8, util.encodeUtf8(name)))
  return sequence(asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SET, true, [attribute]))
}

/** UTCTime up to 2049, GeneralizedTime from 2050 on (RFC 5280 4.1.2.5). */
function time(instant: Date): Asn1 {
  const isLate = instant.getUTCFullYear() >= 2050
  const text = isLate ? asn1.dateToGeneralizedTime(instant) : asn1.dateToUtcTime(instant)
  return primitive(isLate ? asn1.Type.GENERALIZEDTIME : asn1.Type.UTCTIME, String(text))
}

function algorithmIdentifier({ oid, parameters }: AlgorithmIdentifier): Asn1 {
  if (parameters === 'none') return sequence(objectIdentifier(oid))
  return sequence(objectIdentifier(oid), parameters === 'null' ? primitive(asn1.Type.NULL, '') : fromDer(parameters))
}

function objectIdentifier(oid: string): Asn1 {
  return primitive(asn1.Type.OID, asn1.oidToDer(oid).getBytes())
}

function integer(octets: Buffer): Asn1 {
  return primitive(asn1.Type.INTEGER, octets.toString('binary'))
}

function bitString(octets: Buffer, unusedBits: number): Asn1 {
  return primitive(asn1.Type.BITSTRING, String.fromCharCode(unusedBits) + octets.toString('binary'))
}

function sequence(...values: Asn1[]): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, values)
}

function tagged(tag: number, value: Asn1): Asn1 {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, true, [value])
}

function contextPrimitive(tag: number, octets: Buffer): Asn1 {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, false, octets.toString('binary'))
}

function primitive(type: forge.asn1.Type, value: string): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, type, false, value)
}

function fromDer(der: Buffer): Asn1 {
  // A BIT STRING stays what it is: its octets may look like ASN.1 by chance.
  // The types know only the older form of the second argument.
  return asn1.fromDer(der.toString('binary'), { strict: true, parseAllBytes: true, decodeBitStrings: false } as never)
}

function toDer(value: Asn1): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), 'binary')
}
