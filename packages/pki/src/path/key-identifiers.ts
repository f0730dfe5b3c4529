// Which key signed, and which is certified (RFC 5280 4.2.1.1, 4.2.1.2): hints for the search, held
// to when they are there.
import type { ReadExtension } from '../certificate/certificate-fields.ts'
import { DerError, DerReader, readUnsigned, readWhole, tags } from '../certificate/der.ts'
import { nameKey } from './distinguished-name.ts'
import { readGeneralNames } from './general-name.ts'

type Extensions = ReadonlyMap<string, ReadExtension>

export type AuthorityKeyIdentifier = {
  readonly keyId: string | undefined
  /** The name and the serial number of the issuer's own certificate, both or neither. */
  readonly issuer: string | undefined
  readonly serial: string | undefined
}

export function readSubjectKeyIdentifier(extensions: Extensions): Buffer | undefined {
  const extension = extensions.get('2.5.29.14')
  if (extension === undefined) return undefined
  const reader = new DerReader(extension.value)
  const { content } = reader.read(tags.octetString, 'subjectKeyIdentifier')
  reader.end('subjectKeyIdentifier')
  if (extension.isCritical) throw new DerError('expected subjectKeyIdentifier not critical')
  return content
}

export function readAuthorityKeyIdentifier(extensions: Extensions): AuthorityKeyIdentifier | undefined {
  const extension = extensions.get('2.5.29.35')
  if (extension === undefined) return undefined
  const content = readWhole(extension.value, 'authorityKeyIdentifier')
  const keyId = content.readOptional(0x80, 'keyIdentifier')
  const issuer = content.readOptional(0xa1, 'authorityCertIssuer')
  const serial = content.readOptional(0x82, 'authorityCertSerialNumber')
  content.end('authorityKeyIdentifier')
  if (extension.isCritical) throw new DerError('expected authorityKeyIdentifier not critical')
  if ((issuer === undefined) !== (serial === undefined))
    throw new DerError('expected issuer and serial number in authorityKeyIdentifier, both or neither')
  return {
    keyId: keyId?.content.toString('hex'),
    issuer: issuer && readIssuer(issuer.content),
    serial: serial && readSerial(serial.content),
  }
}

/** The directory name among the names of the issuer's issuer. */
function readIssuer(content: Buffer): string {
  const name = readGeneralNames(new DerReader(content), 'authorityCertIssuer').find(({ kind }) => kind === 'directory')
  return name?.kind === 'directory' ? nameKey(name.name) : ''
}

function readSerial(content: Buffer): string {
  const element = Buffer.concat([Buffer.of(tags.integer, content.length), content])
  return readUnsigned(new DerReader(element), 'authorityCertSerialNumber').toString('hex')
}
