// What a certificate revocation list says, read strictly from its DER (RFC 5280 5.1). Delta CRLs,
// indirect ones and those of a part of the certificates are refused with a code of their own: alone
// they do not say who is revoked.
import { Fault } from '@seg/core'
import {
  DerError,
  DerReader,
  readBitString,
  readBoolean,
  readObjectIdentifier,
  readSmallNumber,
  readTime,
  readUnsigned,
  readWhole,
  tags,
} from '../certificate/der.ts'
import { TableBuilder, type TableParts } from './revocation-table.ts'

export type CrlFields = {
  /** TBSCertList, DER: what is signed. */
  readonly signed: Buffer
  readonly algorithm: Buffer
  readonly signature: Buffer
  /** A name, DER. */
  readonly issuer: Buffer
  /** Milliseconds since 1970. */
  readonly thisUpdate: number
  readonly nextUpdate: number
  readonly number: bigint
  readonly authorityKeyId: string | undefined
  readonly table: TableParts
}

const oids = {
  cRLNumber: '2.5.29.20',
  cRLReason: '2.5.29.21',
  holdInstructionCode: '2.5.29.23',
  invalidityDate: '2.5.29.24',
  deltaCRLIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
  certificateIssuer: '2.5.29.29',
  authorityKeyIdentifier: '2.5.29.35',
} as const

/** Throws a DerError, and the Fault `crl-kind`. */
export function readCrlFields(der: Buffer): CrlFields {
  const list = readWhole(der, 'a certificate revocation list')
  const { raw: signed, content } = list.read(tags.sequence, 'what is signed')
  const algorithm = list.read(tags.sequence, 'a signature algorithm').raw
  const bits = readBitString(list.read(tags.bitString, 'a signature'), 'a signature')
  if (bits.unused !== 0) throw new DerError('expected a signature of whole octets')
  list.end('the list')

  const reader = new DerReader(content)
  // RFC 5280 5.1.2.1: a list with extensions, and one has them, is of version 2, whose number is 1.
  if (readSmallNumber(reader, 'a version') !== 1) throw new DerError('expected a list of version 2')
  const inner = reader.read(tags.sequence, 'a signature algorithm').raw
  if (!inner.equals(algorithm)) throw new DerError('expected the same signature algorithm inside and outside')
  const issuer = reader.read(tags.sequence, 'the issuer').raw
  const thisUpdate = readTime(reader, 'thisUpdate')
  const nextUpdate = readTime(reader, 'nextUpdate')
  if (nextUpdate < thisUpdate) throw new DerError('expected nextUpdate after thisUpdate')
  const entries = reader.readOptional(tags.sequence, 'the revoked certificates')
  const table = readEntries(entries?.content)
  const { number, authorityKeyId } = readListExtensions(reader)
  reader.end('what is signed')
  return { signed, algorithm, signature: bits.octets, issuer, thisUpdate, nextUpdate, number, authorityKeyId, table }
}

function readEntries(content: Buffer | undefined): TableParts {
  const table = new TableBuilder()
  if (content === undefined) return table.build()
  const reader = new DerReader(content)
  do {
    const entry = reader.enter('a revoked certificate')
    const serial = readUnsigned(entry, 'a serial number')
    if (serial.length > 20) throw new DerError(`expected a serial number of 20 octets, found ${serial.length}`)
    const at = readTime(entry, 'the time of a revocation')
    const extensions = entry.readOptional(tags.sequence, 'extensions of a revocation')
    entry.end('a revoked certificate')
    table.add(serial, at, extensions === undefined ? 0 : readReason(extensions.content))
  } while (!reader.isAtEnd)
  return table.build()
}

/** RFC 5280 5.3. */
function readReason(content: Buffer): number {
  let reason = 0
  for (const { oid, isCritical, value } of readExtensions(new DerReader(content))) {
    if (oid === oids.certificateIssuer)
      throw new Fault('crl-kind', 'expected a list of one issuer, found an entry for the certificate of another one')
    if (oid === oids.cRLReason) reason = readEnumerated(value)
    else if (isCritical && oid !== oids.invalidityDate && oid !== oids.holdInstructionCode)
      throw new DerError(`expected no critical extension that is unknown here, found ${oid}`)
  }
  // RFC 5280 5.3.1: the reason of an entry that takes another one back stands in delta CRLs only.
  if (reason === 8) throw new DerError('expected no removeFromCRL outside a delta CRL')
  return reason
}

function readEnumerated(value: Buffer): number {
  if (value.length !== 3 || value[0] !== 0x0a || value[1] !== 1 || value[2]! > 10 || value[2] === 7)
    throw new DerError(`expected a reason of RFC 5280 5.3.1, found ${value.toString('hex')}`)
  return value[2]!
}

/** RFC 5280 5.2. */
function readListExtensions(reader: DerReader): {
  readonly number: bigint
  readonly authorityKeyId: string | undefined
} {
  const found = reader.readOptional(0xa0, 'the extensions of a list')
  let number: bigint | undefined
  let authorityKeyId: string | undefined
  for (const { oid, isCritical, value } of found === undefined ? [] : readWholeExtensions(found.content)) {
    if (oid === oids.deltaCRLIndicator)
      throw new Fault('crl-kind', 'expected a whole list, found a delta CRL (RFC 5280 5.2.4)')
    if (oid === oids.issuingDistributionPoint) checkScope(value)
    else if (oid === oids.cRLNumber) number = readNumber(value)
    else if (oid === oids.authorityKeyIdentifier) authorityKeyId = readKeyId(value)
    else if (isCritical) throw new DerError(`expected no critical extension that is unknown here, found ${oid}`)
  }
  if (number === undefined) throw new DerError('expected the number of the list (RFC 5280 5.2.3), found none')
  return { number, authorityKeyId }
}

function readWholeExtensions(content: Buffer): ReturnType<typeof readExtensions> {
  return readExtensions(readWhole(content, 'the extensions of a list'))
}

function readExtensions(reader: DerReader) {
  const found: { readonly oid: string; readonly isCritical: boolean; readonly value: Buffer }[] = []
  do {
    const extension = reader.enter('an extension')
    const oid = readObjectIdentifier(extension, 'the name of an extension')
    const critical = extension.readOptional(tags.boolean, 'critical')
    if (critical !== undefined && !readBoolean(critical, 'critical'))
      throw new DerError(`expected no value for the default of critical in the extension ${oid}`)
    const value = extension.read(tags.octetString, `the value of the extension ${oid}`).content
    extension.end(`the extension ${oid}`)
    if (found.some(other => other.oid === oid)) throw new DerError(`expected the extension ${oid} once, found it again`)
    found.push({ oid, isCritical: critical !== undefined, value })
  } while (!reader.isAtEnd)
  return found
}

/**
 * RFC 5280 5.2.5: a list that says its scope covers some certificates, some reasons or several
 * issuers. One that names a distribution point alone may be a part, too: which certificates it is
 * for stands in them.
 */
function checkScope(value: Buffer): void {
  const scope = readWhole(value, 'issuingDistributionPoint')
  const indirect = [...remaining(scope)].some(({ tag, content }) => tag === 0x84 && content[0] === 0xff)
  throw new Fault(
    'crl-kind',
    indirect
      ? 'expected a list of one issuer, found an indirect CRL (RFC 5280 5.2.5)'
      : 'expected a list of all certificates of its issuer, found one of a part of them (RFC 5280 5.2.5)',
  )
}

function* remaining(reader: DerReader) {
  while (!reader.isAtEnd) yield reader.readAny('a part of issuingDistributionPoint')
}

/** RFC 5280 5.2.3: at most 20 octets. */
function readNumber(value: Buffer): bigint {
  const reader = new DerReader(value)
  const octets = readUnsigned(reader, 'the number of the list')
  reader.end('the number of the list')
  if (octets.length > 20) throw new DerError(`expected a number of 20 octets, found ${octets.length}`)
  return BigInt(`0x${octets.toString('hex')}`)
}

function readKeyId(value: Buffer): string | undefined {
  const identifier = readWhole(value, 'authorityKeyIdentifier')
  return identifier.readOptional(0x80, 'keyIdentifier')?.content.toString('hex')
}
