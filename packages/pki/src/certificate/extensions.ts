// The extensions that decide what a certificate may do (RFC 5280 4.2.1).
import type { ReadExtension } from './certificate-fields.ts'
import {
  DerError,
  DerReader,
  readBitString,
  readBoolean,
  readObjectIdentifier,
  readSmallNumber,
  readWhole,
  tags,
} from './der.ts'

/** Those that are understood; who does not understand a critical one must refuse (RFC 5280 4.2). */
export const extensionNames = {
  '2.5.29.14': 'subjectKeyIdentifier',
  '2.5.29.15': 'keyUsage',
  '2.5.29.17': 'subjectAltName',
  '2.5.29.19': 'basicConstraints',
  // Any policy is acceptable here, so there is nothing to process (RFC 5280 6.1.1 (c)).
  '2.5.29.32': 'certificatePolicies',
  '2.5.29.35': 'authorityKeyIdentifier',
  '2.5.29.37': 'extendedKeyUsage',
} as const satisfies Record<string, string>

export const oids = {
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  extendedKeyUsage: '2.5.29.37',
} as const

type Extensions = ReadonlyMap<string, ReadExtension>

/** RFC 5280 4.2.1.3, in the order of the bits. */
const keyUsages = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const

export type KeyUsage = (typeof keyUsages)[number]

/** 4.2.1.9; undefined when there is none. */
export function readBasicConstraints(extensions: Extensions) {
  const extension = extensions.get(oids.basicConstraints)
  if (extension === undefined) return undefined
  const content = readWhole(extension.value, 'basicConstraints')
  const flag = content.readOptional(tags.boolean, 'cA')
  const isCa = flag !== undefined && readBoolean(flag, 'cA')
  // X.690 11.5.
  if (flag !== undefined && !isCa) throw new DerError('expected no value for the default of cA in basicConstraints')
  const pathLength = content.isAtEnd ? undefined : readSmallNumber(content, 'pathLenConstraint')
  content.end('basicConstraints')
  return { isCritical: extension.isCritical, isCa, pathLength }
}

/** 4.2.1.3; undefined when there is none. */
export function readKeyUsage(extensions: Extensions): KeyUsage[] | undefined {
  const extension = extensions.get(oids.keyUsage)
  if (extension === undefined) return undefined
  const reader = new DerReader(extension.value)
  const { octets } = readBitString(reader.read(tags.bitString, 'keyUsage'), 'keyUsage')
  reader.end('keyUsage')
  return keyUsages.filter((_, bit) => ((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0)
}

/** 4.2.1.12, object identifiers; undefined when there is none. */
export function readExtendedKeyUsage(extensions: Extensions): string[] | undefined {
  const extension = extensions.get(oids.extendedKeyUsage)
  if (extension === undefined) return undefined
  const content = readWhole(extension.value, 'extendedKeyUsage')
  const purposes: string[] = []
  do purposes.push(readObjectIdentifier(content, 'a purpose of extendedKeyUsage'))
  while (!content.isAtEnd)
  return purposes
}

/** 4.2.1.6: at least one name. The caller that compares the names checks them. */
export function checkSubjectAltName(extensions: Extensions): void {
  const extension = extensions.get(oids.subjectAltName)
  if (extension === undefined) return
  const content = readWhole(extension.value, 'subjectAltName')
  do content.readAny('a name in subjectAltName')
  while (!content.isAtEnd)
}
