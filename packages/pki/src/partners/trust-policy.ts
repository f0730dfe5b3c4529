// Whom a gateway relies on, as one snapshot: authorities, partners and what is known of revocation
// count together, and are replaced together.
import type { X509Certificate } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import { Fault } from '@seg/core'
import { type Authority, makeTrustAnchors, type TrustAnchors } from '../path/authority.ts'
import { noRevocationLists, type RevocationLists } from '../path/revocation-lists.ts'
import { parseCertificates, readCertsFile } from '../pem-file.ts'
import type { Trust } from '../trust.ts'
import { OWN_AUTHORITY } from './check-partners.ts'
import type { AuthorityRecord, Partner, TrustMode, TrustRecord } from './partner.ts'

export type TrustPolicy = {
  readonly mode: TrustMode
  readonly anchors: TrustAnchors
  readonly revocation: RevocationLists
  readonly partners: readonly Partner[]
  readonly partnerOf: ReadonlyMap<string, Partner>
  /**
   * When a rule of the partners begins or ceases to hold, in milliseconds since 1970, ascending.
   */
  readonly changes: readonly number[]
}

const MOST_CERTIFICATES = 64

/**
 * The policy of a gateway without partners of its own: the CA of certs/ca.crt, each CN of which is
 * a partner.
 */
export function makeOwnPolicy(trust: Trust, partners: readonly Partner[] = []): TrustPolicy {
  const anchors = trust.authorities.map(({ certificate }) => certificate)
  return makePolicy('ca', [{ name: OWN_AUTHORITY, anchors, intermediates: [], revocation: NO_LIST }], partners)
}

const NO_LIST = { need: 'none', grace: 0 } as const

/**
 * Reads what a record names; files stand relative to `file`, which holds it. Throws the Fault
 * `configuration`.
 */
export async function loadTrustPolicy(
  { mode, authorities, partners }: TrustRecord,
  trust: Trust,
  file: string,
): Promise<TrustPolicy> {
  if (mode === 'ca') return makeOwnPolicy(trust, partners)
  return makePolicy('listed', await Promise.all(authorities.map(one => loadAuthority(one, file))), partners)
}

async function loadAuthority(
  { name, anchors, intermediates, from, until, needsCrl, grace, line }: AuthorityRecord,
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
    revocation: { need: needsCrl ? 'crl' : 'none', grace },
  }
}

function makePolicy(mode: TrustMode, authorities: readonly Authority[], partners: readonly Partner[]): TrustPolicy {
  const times = partners.flatMap(({ certificates }) => certificates.flatMap(({ from, until }) => [from, until + 1]))
  return {
    mode,
    anchors: makeTrustAnchors(authorities),
    revocation: noRevocationLists,
    partners,
    partnerOf: new Map(partners.map(partner => [partner.id, partner])),
    changes: [...new Set(times.filter(Number.isFinite))].sort((a, b) => a - b),
  }
}
