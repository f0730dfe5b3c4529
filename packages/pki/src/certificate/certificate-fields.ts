// What a certificate says, read strictly from its DER (RFC 5280 4.1).
import {
  type DerElement,
  DerError,
  DerReader,
  readBitString,
  readBoolean,
  readObjectIdentifier,
  readTime,
  readUnsigned,
  readWhole,
  tags,
} from './der.ts'

export type ReadExtension = { readonly isCritical: boolean; readonly value: Buffer }

export type CertificateFields = {
  /** AlgorithmIdentifier within what is signed, and beside the signature; DER. */
  readonly innerAlgorithm: Buffer
  readonly outerAlgorithm: Buffer
  /** Names, DER. */
  readonly issuer: Buffer
  readonly subject: Buffer
  /** Milliseconds since 1970. */
  readonly from: number
  readonly to: number
  readonly extensions: ReadonlyMap<string, ReadExtension>
}

const LONGEST_SERIAL = 20
const [versionTag, issuerIdTag, subjectIdTag, extensionsTag] = [0xa0, 0x81, 0x82, 0xa3]

/** Throws a DerError for what is no certificate of version 3 in DER. */
export function readCertificateFields(der: Buffer): CertificateFields {
  const certificate = readWhole(der, 'a certificate')
  const signed = certificate.enter('what is signed')
  const outerAlgorithm = certificate.read(tags.sequence, 'a signature algorithm').raw
  if (readBitString(certificate.read(tags.bitString, 'a signature'), 'a signature').unused !== 0)
    throw new DerError('expected a signature of whole octets')
  certificate.end('the certificate')

  readVersion(signed)
  readSerial(signed)
  const innerAlgorithm = signed.read(tags.sequence, 'a signature algorithm').raw
  const issuer = readName(signed, 'the issuer')
  const validity = signed.enter('the validity')
  const from = readTime(validity, 'notBefore')
  const to = readTime(validity, 'notAfter')
  validity.end('the validity')
  const subject = readName(signed, 'the subject')
  signed.read(tags.sequence, 'the public key')
  for (const tag of [issuerIdTag, subjectIdTag]) {
    // RFC 5280 4.1.2.8: no CA of this profile makes one.
    if (signed.readOptional(tag, 'an identifier') !== undefined) throw new DerError('expected no unique identifier')
  }
  const extensions = readExtensions(signed)
  signed.end('what is signed')
  return { innerAlgorithm, outerAlgorithm, issuer, subject, from, to, extensions }
}

/** RFC 5280 4.1.2.1: the number of version 3 is 2; one that is absent means version 1. */
function readVersion(signed: DerReader): void {
  const found = signed.readOptional(versionTag, 'a version')
  const number = found && new DerReader(found.content)
  const version = number === undefined ? 1 : Number(readUnsigned(number, 'a version')[0]) + 1
  number?.end('the version')
  if (version !== 3) throw new DerError(`expected X.509 version 3, found version ${version}`)
}

/** RFC 5280 4.1.2.2: positive, at most 20 octets. */
function readSerial(signed: DerReader): void {
  const serial = readUnsigned(signed, 'a serial number')
  if (serial.length > LONGEST_SERIAL)
    throw new DerError(`expected a serial number of 20 octets, found ${serial.length}`)
  if (serial.length === 1 && serial[0] === 0) throw new DerError('expected a positive serial number, found 0')
}

/** RFC 5280 4.1.2.4. */
function readName(signed: DerReader, what: string): Buffer {
  const { raw, content } = signed.read(tags.sequence, what)
  const sets = new DerReader(content)
  while (!sets.isAtEnd) {
    const set = sets.enter(`a set of attributes of ${what}`, tags.set)
    do {
      const attribute = set.enter(`an attribute of ${what}`)
      readObjectIdentifier(attribute, `the type of an attribute of ${what}`)
      attribute.readAny(`the value of an attribute of ${what}`)
      attribute.end(`an attribute of ${what}`)
    } while (!set.isAtEnd)
  }
  return raw
}

function readExtensions(signed: DerReader): Map<string, ReadExtension> {
  const extensions = new Map<string, ReadExtension>()
  const found = signed.readOptional(extensionsTag, 'extensions')
  if (found === undefined) return extensions
  const list = readWhole(found.content, 'extensions')
  do {
    const extension = list.enter('an extension')
    const oid = readObjectIdentifier(extension, 'the name of an extension')
    const critical = extension.readOptional(tags.boolean, 'critical')
    const value = extension.read(tags.octetString, `the value of the extension ${oid}`).content
    extension.end(`the extension ${oid}`)
    // RFC 5280 4.2: not more than one of each.
    if (extensions.has(oid)) throw new DerError(`expected the extension ${oid} once, found it again`)
    extensions.set(oid, { isCritical: critical !== undefined && readCritical(critical, oid), value })
  } while (!list.isAtEnd)
  return extensions
}

/** X.690 11.5: the default, FALSE, is not written. */
function readCritical(element: DerElement, oid: string): boolean {
  if (readBoolean(element, 'critical')) return true
  throw new DerError(`expected no value for the default of critical in the extension ${oid}`)
}
