// A policy as data, of which another process of ours makes the same policy: certificates in DER,
// lists as they were read and verified.
import { X509Certificate } from 'node:crypto'
import type { Authority } from '../path/authority.ts'
import { openCrl } from '../revocation/read-crl.ts'
import type { TableParts } from '../revocation/revocation-table.ts'
import type { StatusBoard } from '../revocation/status-board.ts'
import type { CrlParts } from '../revocation/verify-crl.ts'
import type { Partner, TrustMode } from './partner.ts'
import { type LoadedCrl, makePolicy, type TrustPolicy } from './trust-policy.ts'

type AuthorityParts = Omit<Authority, 'anchors' | 'intermediates'> & {
  /** In DER. */
  readonly anchors: readonly Uint8Array[]
  readonly intermediates: readonly Uint8Array[]
}

export type PolicyParts = {
  readonly mode: TrustMode
  readonly partners: readonly Partner[]
  readonly authorities: readonly AuthorityParts[]
  /** Undefined: those of the policy before. */
  readonly crls: readonly (CrlParts & { readonly path: string })[] | undefined
}

/** `previous`: the policy that the other process has. */
export function takePolicyApart({ mode, partners, anchors, crls }: TrustPolicy, previous?: TrustPolicy): PolicyParts {
  return {
    mode,
    partners,
    authorities: anchors.authorities.map(authority => ({
      ...authority,
      anchors: authority.anchors.map(({ raw }) => raw),
      intermediates: authority.intermediates.map(({ raw }) => raw),
    })),
    crls: previous !== undefined && areSame(crls, previous.crls) ? undefined : crls.map(partsOf),
  }
}

/**
 * `board`: has the answers of OCSP responders, where an authority has one. `previous`: as it was
 * when the parts were taken.
 */
export function assemblePolicy(parts: PolicyParts, board?: StatusBoard, previous?: TrustPolicy): TrustPolicy {
  const { mode, partners, authorities, crls } = parts
  const lists = crls === undefined ? (previous?.crls ?? []) : crls.map(openLoaded)
  return makePolicy(mode, authorities.map(openAuthority), partners, lists, board)
}

/** Without the function that searches. */
function partsOf({ issuerId, issuer, number, thisUpdate, nextUpdate, table, path }: LoadedCrl) {
  return { issuerId, issuer, number, thisUpdate, nextUpdate, table, path }
}

function openLoaded({ path, ...parts }: CrlParts & { readonly path: string }): LoadedCrl {
  return { ...openCrl(parts), path }
}

function openAuthority({ anchors, intermediates, ...rest }: AuthorityParts): Authority {
  const open = (ders: readonly Uint8Array[]) => ders.map(der => new X509Certificate(Buffer.from(der)))
  return { ...rest, anchors: open(anchors), intermediates: open(intermediates) }
}

/** Large lists are not sent again for a partner's record. */
function areSame(crls: readonly LoadedCrl[], previous: readonly LoadedCrl[]): boolean {
  return crls.length === previous.length && crls.every((crl, i) => isSame(crl, previous[i]!))
}

function isSame(crl: LoadedCrl, previous: LoadedCrl): boolean {
  if (crl === previous) return true
  const names = ['issuerId', 'number', 'thisUpdate', 'nextUpdate', 'path', 'count'] as const
  return names.every(name => crl[name] === previous[name]) && hasSameRows(crl.table, previous.table)
}

/** Entries are in the order of the list; the places of their hashes differ with each reading. */
function hasSameRows(a: TableParts, b: TableParts): boolean {
  return (['serials', 'times', 'reasons'] as const).every(column => octetsOf(a[column]).equals(octetsOf(b[column])))
}

function octetsOf({ buffer, byteOffset, byteLength }: Uint8Array | Float64Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
