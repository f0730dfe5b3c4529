// Whom a gateway relies on, as one snapshot: authorities, partners and what is known of revocation
// count together, and are replaced together.
import type { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { Fault, readInput, whyUnreadable } from '@seg/core'
import { type Authority, makeTrustAnchors, type TrustAnchors } from '../path/authority.ts'
import { type RevocationLists, withStatuses } from '../path/revocation-lists.ts'
import { parseCertificates, readCertsFile } from '../pem-file.ts'
import { type Crl, checkCrlFollows, makeRevocationLists, readCrls } from '../revocation/read-crl.ts'
import { StatusBoard } from '../revocation/status-board.ts'
import type { Trust } from '../trust.ts'
import { OWN_AUTHORITY } from './check-partners.ts'
import { type ListPlace, listFilesOf } from './list-files.ts'
import type { AuthorityRecord, Partner, TrustMode, TrustRecord } from './partner.ts'

export type TrustPolicy = {
  readonly mode: TrustMode
  readonly anchors: TrustAnchors
  readonly revocation: RevocationLists
  /** Of which `revocation` is made. */
  readonly crls: readonly LoadedCrl[]
  /** Answers of OCSP responders, where an authority has one. */
  readonly board?: StatusBoard | undefined
  readonly partners: readonly Partner[]
  readonly partnerOf: ReadonlyMap<string, Partner>
  /**
   * When a rule of the partners begins or ceases to hold, in milliseconds since 1970, ascending.
   */
  readonly changes: readonly number[]
}

/** A list and the file that it stands in, alone or with others. */
export type LoadedCrl = Crl & { readonly path: string }

const MOST_CERTIFICATES = 64
const LARGEST_CRL = 96 * 1024 * 1024

/**
 * The policy of a gateway without partners of its own: the CA of certs/ca.crt, each CN of which is
 * a partner.
 */
export function makeOwnPolicy(
  trust: Trust,
  partners: readonly Partner[] = [],
  crls: readonly LoadedCrl[] = [],
): TrustPolicy {
  const anchors = trust.authorities.map(({ certificate }) => certificate)
  return makePolicy('ca', [{ name: OWN_AUTHORITY, anchors, intermediates: [], revocation: NO_LIST }], partners, crls)
}

const NO_LIST = { need: 'none', grace: 0 } as const

/** Where a record is read from, and what is in use so far. */
export type PolicySource = ListPlace & {
  /** The folder of ca.crt, with ca.crl if there is one. */
  readonly certs: string
  readonly previous?: TrustPolicy | undefined
}

/**
 * Reads what a record names. Throws the Faults `configuration`, `crl-invalid`, `crl-kind`, and
 * `crl-older` for a list that is older than the one in use.
 */
export async function loadTrustPolicy(
  { mode, authorities, partners }: TrustRecord,
  trust: Trust,
  { certs, previous, ...place }: PolicySource,
): Promise<TrustPolicy> {
  if (mode === 'ca') {
    const path = join(certs, 'ca.crl')
    const issuers = trust.authorities.map(({ certificate }) => certificate)
    return makeOwnPolicy(trust, partners, existsSync(path) ? await loadCrls(path, issuers, previous) : [])
  }
  const loaded = await Promise.all(authorities.map(one => loadAuthority(one, place.file)))
  const crls = await Promise.all(
    authorities.flatMap((record, i) => {
      const { anchors, intermediates } = loaded[i]!
      const issuers = [...anchors, ...intermediates]
      return listFilesOf(record, place).map(({ path, url }) =>
        url === undefined ? loadCrls(path, issuers, previous) : loadFetched(path, issuers, previous),
      )
    }),
  )
  const hasResponder = authorities.some(({ ocsp }) => ocsp !== undefined)
  const board = hasResponder ? (previous?.board ?? new StatusBoard()) : undefined
  return makePolicy('listed', loaded, partners, crls.flat(), board)
}

/**
 * The CAs of `trust`, any of whose gateways counts, with the lists in the files `crls`. Throws as
 * `loadTrustPolicy` does.
 */
export async function loadOwnPolicy(
  trust: Trust,
  crls: readonly string[],
  previous?: Pick<TrustPolicy, 'crls'>,
): Promise<TrustPolicy> {
  const issuers = trust.authorities.map(({ certificate }) => certificate)
  const lists = await Promise.all(crls.map(path => loadCrls(path, issuers, previous)))
  return makeOwnPolicy(trust, [], lists.flat())
}

/** The files that decide about a policy, whether they are there or not. */
export function policyFiles({ mode, authorities }: TrustRecord, { certs, ...place }: PolicySource): string[] {
  const { file } = place
  if (mode === 'ca') return [file, join(certs, 'ca.crl')]
  const named = authorities.flatMap(({ anchors, intermediates }) => [anchors, intermediates])
  const lists = authorities.flatMap(record => listFilesOf(record, place).map(({ path }) => path))
  return [file, ...named.filter(path => path !== undefined).map(path => resolve(dirname(file), path)), ...lists]
}

/**
 * The copy of a list that is fetched. One that is not there, or that no CA of today signed, does
 * not count, as if it was never fetched: it will be, at once.
 */
async function loadFetched(
  path: string,
  issuers: readonly X509Certificate[],
  previous: TrustPolicy | undefined,
): Promise<LoadedCrl[]> {
  if (!existsSync(path)) return []
  return loadCrls(path, issuers, previous).catch(error => {
    if (error instanceof Fault && error.code === 'crl-invalid') return []
    throw error
  })
}

async function loadCrls(
  path: string,
  issuers: readonly X509Certificate[],
  previous: Pick<TrustPolicy, 'crls'> | undefined,
): Promise<LoadedCrl[]> {
  try {
    const crls = await readCrls(readInput(path, { onlyFile: true, most: LARGEST_CRL }), issuers)
    for (const crl of crls) for (const known of previous?.crls ?? []) checkCrlFollows(crl, known)
    return crls.map(crl => ({ ...crl, path }))
  } catch (cause) {
    if (cause instanceof Fault) throw new Fault(cause.code, `${path}: ${cause.detail}`, { cause })
    throw new Fault('configuration', `cannot read ${path}: ${whyUnreadable(path, cause)}`, { cause })
  }
}

async function loadAuthority(
  { name, anchors, intermediates, from, until, needsCrl, needsOcsp, grace, line }: AuthorityRecord,
  file: string,
): Promise<Authority> {
  const read = async (path: string): Promise<X509Certificate[]> => {
    const full = resolve(dirname(file), path)
    const advice = `${file}:${line} names it, for the authority ${name}`
    const found = parseCertificates(full, await readCertsFile(full, advice))
    const other = found.find(certificate => !certificate.ca)
    if (other !== undefined)
      throw new Fault('configuration', `${full}: expected certificates of CAs, found that of ${other.subject}`)
    if (found.length > MOST_CERTIFICATES)
      throw new Fault(
        'configuration',
        `${full}: expected at most ${MOST_CERTIFICATES} certificates, found ${found.length}`,
      )
    return found
  }
  return {
    name,
    anchors: await read(anchors),
    intermediates: intermediates === undefined ? [] : await read(intermediates),
    ...(Number.isFinite(from) && { from: new Date(from) }),
    ...(Number.isFinite(until) && { until: new Date(until) }),
    revocation: { need: needsCrl ? 'crl' : needsOcsp ? 'ocsp' : 'none', grace },
  }
}

export function makePolicy(
  mode: TrustMode,
  authorities: readonly Authority[],
  partners: readonly Partner[],
  crls: readonly LoadedCrl[],
  board?: StatusBoard,
): TrustPolicy {
  const lists = makeRevocationLists(crls)
  return {
    mode,
    anchors: makeTrustAnchors(authorities),
    revocation: board === undefined ? lists : withStatuses(lists, board.statuses),
    crls,
    board,
    partners,
    partnerOf: new Map(partners.map(partner => [partner.id, partner])),
    changes: changesOf(partners),
  }
}

function changesOf(partners: readonly Partner[]): number[] {
  const times = partners.flatMap(({ certificates }) => certificates.flatMap(({ from, until }) => [from, until + 1]))
  return [...new Set(times.filter(Number.isFinite))].sort((a, b) => a - b)
}

/** The same with another record of a partner. */
export function withPartner(policy: TrustPolicy, record: Partner): TrustPolicy {
  const partners = policy.partners.map(one => (one.id === record.id ? record : one))
  return { ...policy, partners, partnerOf: new Map(partners.map(one => [one.id, one])), changes: changesOf(partners) }
}

/** The one certificate of a file that a record is to pin. Throws the Fault `configuration`. */
export async function readPinnedCertificate(path: string): Promise<X509Certificate> {
  const [certificate, second] = parseCertificates(path, await readCertsFile(path, 'expected a certificate there'))
  if (certificate === undefined || second !== undefined)
    throw new Fault('configuration', `${path}: expected one certificate`)
  return certificate
}
