// What authorities and partners must be together: no partner twice, no certificate of two partners,
// nothing named that is not there.
import { type Problems, quote, type YamlNode } from '@seg/core'
import { findAmbiguities } from './ambiguity.ts'
import type { Partner, TrustMode, TrustRecord } from './partner.ts'

/** Bounds on what each certificate is compared with. */
const MOST = { authorities: 64, partners: 10_000, certificates: 16 } as const

/** The authority of certs/ca.crt in the mode `ca`. */
export const OWN_AUTHORITY = 'ca'

export function checkTogether(
  { mode, authorities, partners }: TrustRecord,
  nodes: { readonly trust: YamlNode | undefined; readonly documents: YamlNode | undefined },
  problems: Problems,
): void {
  const line = nodes.trust?.line ?? 1
  if (
    mode === 'listed' &&
    authorities.length === 0 &&
    partners.every(({ certificates }) => certificates.every(({ authority: issuer }) => issuer !== undefined)) &&
    partners.length > 0
  )
    problems.report(line, 'trust: the mode listed needs authorities, or partners with pinned certificates')
  if (mode === 'ca' && authorities.length > 0)
    problems.report(
      line,
      'trust: authorities belong to the mode listed; in the mode ca the one authority is certs/ca.crt',
    )
  if (authorities.length > MOST.authorities)
    problems.report(line, `trust: expected at most ${MOST.authorities} authorities`)
  if (partners.length > MOST.partners) problems.report(line, `partners: expected at most ${MOST.partners}`)
  for (const { name, from, until, needsCrl, crls, needsOcsp, ocsp, line: at } of authorities) {
    if (until < from) problems.report(at, `trust.authorities.${name}: until is before from`)
    if (needsOcsp && ocsp === undefined)
      problems.report(at, `trust.authorities.${name}: need: ocsp needs the address of a responder in ocsp`)
    if (needsCrl && crls.length === 0) problems.report(at, `trust.authorities.${name}: need: crl needs a list in crl`)
  }
  const ids = new Map<string, number>()
  const names = new Set(mode === 'ca' ? [OWN_AUTHORITY] : authorities.map(({ name }) => name))
  const types = typeNames(nodes.documents)
  for (const one of partners) {
    const first = ids.get(one.id)
    if (first !== undefined)
      problems.report(one.line, `partners: ${quote(one.id)} is listed twice, first in line ${first}`)
    else ids.set(one.id, one.line)
    checkPartner(one, mode, names, problems)
    checkTypes(one, types, problems)
  }
  for (const { line: at, text: found } of findAmbiguities(partners)) problems.report(at, found)
}

/** A type that every gateway has, whether `documents` names it or not (docs/documents.md). */
const EVERYWHERE = 'CriticalDocument'

function typeNames(documents: YamlNode | undefined): readonly string[] {
  return [...new Set([EVERYWHERE, ...(documents?.kind === 'map' ? documents.entries.map(({ key }) => key) : [])])]
}

/** A name with a typing error would refuse each document of the type. */
function checkTypes({ id, documents = [], line }: Partner, types: readonly string[], problems: Problems): void {
  for (const name of documents)
    if (!types.includes(name))
      problems.report(
        line,
        `partner ${quote(id)}: unknown type of documents ${quote(name)}; known: ${types.join(', ')}`,
      )
}

const bothAtOnce = 'one record has both, written into the file at once (docs/partners.md, Signing certificates)'
const lackOf = {
  tls: `nothing would recognize its connections; ${bothAtOnce}`,
  sign: `nothing that it signs could be accepted; ${bothAtOnce}`,
} as const

function checkPartner(
  { id, certificates, line }: Partner,
  mode: TrustMode,
  names: ReadonlySet<string>,
  problems: Problems,
): void {
  const whose = `partner ${quote(id)}`
  if (mode === 'ca' && certificates.length > 0)
    problems.report(line, `${whose}: certificates belong to trust.mode listed; in the mode ca its CN recognizes it`)
  for (const use of mode === 'listed' ? (['tls', 'sign'] as const) : [])
    if (!certificates.some(({ uses }) => uses.includes(use)))
      problems.report(line, `${whose}: expected a certificate for ${use}, found none: ${lackOf[use]}`)
  if (certificates.length > MOST.certificates)
    problems.report(line, `${whose}: expected at most ${MOST.certificates} certificates`)
  for (const {
    authority: issuer,
    subject: attributesOf,
    sha256: digest,
    spki: key,
    uri: name,
    from,
    until,
    line: at,
  } of certificates) {
    if (issuer !== undefined && !names.has(issuer))
      problems.report(at, `${whose}: unknown authority ${quote(issuer)}; known: ${[...names].join(', ') || 'none'}`)
    const isPinned = digest !== undefined || key !== undefined
    if (!isPinned && issuer === undefined)
      problems.report(
        at,
        `${whose}: expected an authority, or a pin (sha256 or spki); anybody can make a certificate with a name`,
      )
    if (!isPinned && attributesOf.size === 0 && name === undefined)
      problems.report(at, `${whose}: expected subject, san, sha256 or spki; an authority alone is all that it issues`)
    if (until < from) problems.report(at, `${whose}: until is before from`)
  }
}
