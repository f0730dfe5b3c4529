// Which partner a certificate is recognized as. No authority can certify a partner that it is not
// named for.
import { createHash, type X509Certificate } from 'node:crypto'
import { quote } from '@seg/core'
import { readCertificateFields } from '../certificate/certificate-fields.ts'
import { DerError, readWhole } from '../certificate/der.ts'
import { oids } from '../certificate/extensions.ts'
import { readAttributes } from '../path/distinguished-name.ts'
import { readGeneralNames } from '../path/general-name.ts'
import type { CertificateRule, CertificateUse, Partner } from './partner.ts'

/** What rules compare with. */
type Names = {
  readonly subject: ReadonlyMap<string, readonly (string | undefined)[]>
  readonly uris: readonly string[]
}

export type PartnerMatch = { readonly partner: Partner; readonly rules: readonly CertificateRule[] }
export type NoPartner = { readonly partner: undefined; readonly detail: string }

/**
 * `authorities`: the names of those that a good path of the certificate leads to. A certificate
 * that two partners could claim belongs to neither: the configuration refuses what it can detect,
 * and pins and cross-certified authorities are seen only here.
 */
export function matchPartner(
  certificate: X509Certificate,
  authorities: readonly string[],
  use: CertificateUse,
  partners: readonly Partner[],
  at: number,
): PartnerMatch | NoPartner {
  const names = readNames(certificate)
  const matches: PartnerMatch[] = []
  for (const partner of partners) {
    const rules = partner.certificates.filter(
      rule =>
        rule.uses.includes(use) && rule.from <= at && at <= rule.until && meets(certificate, names, authorities, rule),
    )
    if (rules.length > 0) matches.push({ partner, rules })
  }
  const [match, second] = matches
  if (second !== undefined)
    return {
      partner: undefined,
      detail: `it is that of two partners, ${quote(match!.partner.id)} and ${quote(second.partner.id)}`,
    }
  return match ?? { partner: undefined, detail: 'no partner is listed with it' }
}

/** What a rule compares, without its times and uses. */
export type ComparedNames = Pick<CertificateRule, 'authority' | 'subject' | 'sha256' | 'spki' | 'uri'>

/** Whether a rule names a certificate, at any time and for any use. */
export function meetsRule(certificate: X509Certificate, authorities: readonly string[], rule: ComparedNames): boolean {
  return meets(certificate, readNames(certificate), authorities, rule)
}

function meets(
  certificate: X509Certificate,
  { subject, uris }: Names,
  authorities: readonly string[],
  rule: ComparedNames,
): boolean {
  if (rule.authority !== undefined && !authorities.includes(rule.authority)) return false
  if (rule.sha256 !== undefined && rule.sha256 !== certificate.fingerprint256) return false
  if (rule.spki !== undefined && rule.spki !== publicKeyDigest(certificate)) return false
  if (rule.uri !== undefined && (uris.length !== 1 || uris[0] !== rule.uri)) return false
  for (const [type, value] of rule.subject) {
    const found = subject.get(type) ?? []
    if (found.length !== 1 || found[0] !== value) return false
  }
  return true
}

/** SHA-256 of the SubjectPublicKeyInfo, base64. */
export function publicKeyDigest(certificate: X509Certificate): string {
  return createHash('sha256')
    .update(certificate.publicKey.export({ format: 'der', type: 'spki' }))
    .digest('base64')
}

/** Of what cannot be read there are none: nothing that is compared with it matches. */
function readNames(certificate: X509Certificate): Names {
  try {
    const { subject: name, extensions } = readCertificateFields(certificate.raw)
    const subject = new Map<string, (string | undefined)[]>()
    for (const { type, text } of readAttributes(name).flat()) subject.set(type, [...(subject.get(type) ?? []), text])
    const alternative = extensions.get(oids.subjectAltName)
    const general =
      alternative === undefined
        ? []
        : readGeneralNames(readWhole(alternative.value, 'subjectAltName'), 'subjectAltName')
    return { subject, uris: general.flatMap(one => (one.kind === 'uri' ? [one.text] : [])) }
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    return { subject: new Map(), uris: [] }
  }
}
