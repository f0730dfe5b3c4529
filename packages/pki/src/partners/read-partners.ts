// The keys `trust` and `partners` of seg.yaml (docs/partners.md), read strictly: all problems of a
// file at once.
import { createHash } from 'node:crypto'
import {
  type ConfigurationFile,
  type ConfigurationSection,
  listOf,
  mapOf,
  optional,
  type Problems,
  type ReadNode,
  record,
  required,
  type YamlNode,
} from '@seg/core'
import { checkTogether } from './check-partners.ts'
import type {
  AuthorityRecord,
  CertificateRule,
  CertificateUse,
  Partner,
  PartnerState,
  TrustMode,
  TrustRecord,
} from './partner.ts'
import {
  authorityName,
  count,
  duration,
  endTime,
  gatewayName,
  interval,
  label,
  listPlace,
  oneOf,
  path,
  rate,
  responder,
  seconds,
  sha256,
  size,
  spki,
  startTime,
  subject,
  uri,
  yesOrNo,
} from './record-values.ts'

export const DEFAULT_TRUST: TrustRecord = { mode: 'ca', authorities: [], partners: [] }

const revocation = record({
  need: optional(oneOf('none', 'crl', 'ocsp')),
  crl: optional(listOf(listPlace)),
  ocsp: optional(responder),
  refresh: optional(interval),
  grace: optional(duration),
})

const authority = record({
  anchors: required(path),
  intermediates: optional(path),
  from: optional(startTime),
  until: optional(endTime),
  revocation: optional(revocation),
})

/** `trust: ca` is short for the mode alone. */
const trustMode = oneOf<TrustMode>('ca', 'listed')

const trust = record({ mode: optional(trustMode), authorities: optional(mapOf(authority)) })

const certificate = record({
  for: required(listOf(oneOf<CertificateUse>('tls', 'sign'))),
  authority: optional(authorityName),
  subject: optional(subject),
  sha256: optional(sha256),
  spki: optional(spki),
  san: optional(record({ uri: required(uri) })),
  from: optional(startTime),
  until: optional(endTime),
})

const limits = record({
  bytes: optional(size),
  rate: optional(rate),
  concurrency: optional(count),
  'clock-skew': optional(seconds),
})

const partner = record({
  id: required(gatewayName),
  name: optional(label),
  contact: optional(label),
  state: optional(oneOf<PartnerState>('active', 'suspended')),
  certificates: optional(listOf(certificate)),
  limits: optional(limits),
  documents: optional(listOf(label)),
  rollover: optional(oneOf<Rollover>('automatic', 'approval')),
  require: optional(record({ 'hybrid-key-agreement': optional(yesOrNo) })),
})

type Rollover = 'automatic' | 'approval'

/** The keys `trust` and `partners`, for what reads the file whole. */
export const trustSection = {
  schema: { trust: { anyOf: [trustMode.schema!, trust.schema!] }, partners: listOf(partner).schema! },
  read: (file: ConfigurationFile, problems: Problems) =>
    readTrustRecord(
      { trust: file.entry('trust'), partners: file.entry('partners'), documents: file.entry('documents') },
      problems,
    ),
} satisfies ConfigurationSection

/** Undefined: the file does not have the key. `documents` names the types that records may name. */
type TrustNodes = Readonly<Record<'trust' | 'partners' | 'documents', YamlNode | undefined>>

/** Reads the first two keys of a file. What is wrong is reported to `problems`. */
export function readTrustRecord(nodes: TrustNodes, problems: Problems): TrustRecord {
  const before = problems.count
  const short = nodes.trust?.kind === 'scalar' ? trustMode(nodes.trust, 'trust', problems) : undefined
  const long =
    nodes.trust === undefined || nodes.trust.kind === 'scalar' ? undefined : trust(nodes.trust, 'trust', problems)
  const mode = short ?? long?.mode ?? 'ca'
  const authorities = [...(long?.authorities ?? [])].map(([name, found]) => toAuthority(name, found))
  const listed = (nodes.partners && listOf(partner)(nodes.partners, 'partners', problems)) ?? []
  const partners = listed.map(toPartner)
  if (problems.count > before) return { mode, authorities, partners }
  const all = { mode, authorities, partners }
  checkTogether(all, nodes, problems)
  return all
}

type Read<R> = R extends ReadNode<infer T> ? T : never

function toAuthority(name: string, found: Read<typeof authority>): AuthorityRecord {
  const { anchors, intermediates, from = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY, line } = found
  const { need, crl: crls = [], ocsp, refresh, grace = 0 } = found.revocation ?? {}
  const revocation = { needsCrl: need === 'crl', needsOcsp: need === 'ocsp' || undefined, ocsp: ocsp ?? undefined }
  return { name, anchors, intermediates, crls, ...revocation, refresh, grace, from, until, line }
}

function toPartner({
  id,
  name,
  contact,
  state = 'active',
  certificates = [],
  limits = undefined,
  documents,
  rollover,
  require: needs = undefined,
  line,
}: Read<typeof partner>): Partner {
  const rules = certificates.map(
    ({
      for: uses,
      authority: issuer,
      subject: names = new Map(),
      sha256: digest,
      spki: key,
      san,
      from,
      until,
      line: at,
    }): CertificateRule => ({
      uses,
      authority: issuer,
      subject: names,
      sha256: digest,
      spki: key,
      uri: san?.uri,
      from: from ?? Number.NEGATIVE_INFINITY,
      until: until ?? Number.POSITIVE_INFINITY,
      line: at,
    }),
  )
  const bounds = {
    bytes: limits?.bytes,
    rate: limits?.rate,
    concurrency: limits?.concurrency,
    clockSkew: limits?.['clock-skew'],
  }
  const requiresHybrid = needs?.['hybrid-key-agreement'] ?? false
  const needsApproval = rollover === 'approval' || undefined
  const given = { limits: bounds, documents, requiresHybrid, needsApproval }
  return { id, name, contact, state, certificates: rules, ...given, line }
}

/**
 * What a record says, in one digest: it changes with anything that counts, and not with its place
 * in the file.
 */
export function partnerDigest({ line: _line, certificates, ...rest }: Partner): string {
  const rules = certificates.map(({ line: _at, subject: names, ...rule }) => ({
    ...rule,
    subject: [...names],
    from: `${rule.from}`,
    until: `${rule.until}`,
  }))
  const limitsText = Object.fromEntries(Object.entries(rest.limits).map(([key, value]) => [key, `${value}`]))
  return createHash('sha256')
    .update(JSON.stringify({ ...rest, limits: limitsText, rules }))
    .digest('base64')
}
