// The names of a certificate that name constraints may be about (RFC 5280 4.2.1.10).
import { DerError, readWhole } from '../certificate/der.ts'
import { attributeTypes, readAttributes, readDistinguishedName } from './distinguished-name.ts'
import { type GeneralName, readGeneralNames } from './general-name.ts'
import type { PathCertificate } from './path-certificate.ts'

const SUBJECT_ALT_NAME = '2.5.29.17'
const IA5_STRING = 0x16

/**
 * A common name that is a host name where no DNS name stands beside it is one (as OpenSSL has it).
 */
const HOST = /^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)+$/

/** Every name that constraints may be about: the subject, addresses in it, and subjectAltName. */
export function constrainedNames(certificate: PathCertificate, isLeaf: boolean): GeneralName[] {
  const { subject } = certificate.fields
  const names = readAlternativeNames(certificate)
  const hasDnsName = names.some(({ kind }) => kind === 'dns')
  const attributes = readAttributes(subject).flat()
  if (subject.length > 2) names.push({ kind: 'directory', name: readDistinguishedName(subject) })
  for (const { type, tag, text } of attributes) {
    if (type === attributeTypes.emailAddress) {
      // RFC 5280 4.1.2.6; in other characters it could not be compared with what is permitted.
      if (tag !== IA5_STRING) throw new DerError('expected emailAddress in the subject as IA5String')
      names.push({ kind: 'email', text: text ?? '' })
    }
    if (!isLeaf || hasDnsName || type !== attributeTypes.commonName) continue
    // It could not be compared, either.
    if (text === undefined) throw new DerError('expected a common name that is text')
    const host = text.replace(/\0+$/, '')
    if (HOST.test(host)) names.push({ kind: 'dns', text: host })
  }
  return names
}

/** The names in subjectAltName; none when there is none. Throws a DerError. */
export function readAlternativeNames({ fields }: PathCertificate): GeneralName[] {
  const extension = fields.extensions.get(SUBJECT_ALT_NAME)
  return extension === undefined ? [] : readGeneralNames(readWhole(extension.value, 'subjectAltName'), 'a name')
}
