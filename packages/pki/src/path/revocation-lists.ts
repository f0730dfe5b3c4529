// What is known about revocation: a list for each CA, and whether a certificate counts by it now. A
// function of policy, list and time.
import type { RevocationPolicy } from './authority.ts'

export type Revoked = {
  /** When, in milliseconds since 1970. */
  readonly at: number
  /** CRLReason (RFC 5280 5.3.1); 0 when it says none. */
  readonly reason: number
}

/** The certificate revocation list of one CA, verified. */
export type RevocationList = {
  readonly number: bigint
  /** Milliseconds since 1970. */
  readonly thisUpdate: number
  readonly nextUpdate: number
  /**
   * By serial number: hexadecimal, lower case, whole octets, without the octet that only shows its
   * sign.
   */
  find(serial: string): Revoked | undefined
}

/** What a CA answered about one certificate (OCSP). */
export type CertificateStatus = {
  /** Milliseconds since 1970. */
  readonly thisUpdate: number
  readonly nextUpdate: number
  readonly revoked: Revoked | undefined
}

/** The list of each CA, by `issuerIdOf`. Replaced as a whole, never changed. */
export type RevocationLists = ReadonlyMap<string, RevocationList> & {
  /** By `statusKey`. */
  readonly statuses?: ReadonlyMap<string, CertificateStatus>
}

export function statusKey(issuerId: string, serial: string): string {
  return `${issuerId} ${serial}`
}

/** The same lists beside other statuses. */
export function withStatuses(
  lists: RevocationLists,
  statuses: ReadonlyMap<string, CertificateStatus>,
): RevocationLists {
  return Object.assign(new Map(lists), { statuses })
}

export const noRevocationLists: RevocationLists = new Map()

export type RevocationStatus =
  | { readonly status: 'good' /** Until when that is so without another list. */; readonly until: number }
  | { readonly status: 'revoked'; readonly revoked: Revoked }
  | { readonly status: 'unknown'; readonly expected: string; readonly found: string }

/**
 * Fails closed: a list that is needed, and is missing, too old or from the future, leaves the
 * status unknown.
 */
export function statusOf(
  list: RevocationList | undefined,
  serial: string,
  { need, grace }: RevocationPolicy,
  now: number,
  isPast = false,
): RevocationStatus {
  const revoked = list?.find(serial)
  if (revoked !== undefined) return { status: 'revoked', revoked }
  if (need !== 'crl') return { status: 'good', until: Number.POSITIVE_INFINITY }
  const expected = 'a revocation list of its issuer that is in date'
  if (list === undefined) return { status: 'unknown', expected, found: 'none' }
  const until = list.nextUpdate + grace
  // A list that came later says what was revoked before as well.
  if (isPast) return { status: 'good', until: Number.POSITIVE_INFINITY }
  if (list.thisUpdate <= now && now <= until) return { status: 'good', until }
  const [from, to] = [list.thisUpdate, list.nextUpdate].map(time => new Date(time).toISOString())
  return { status: 'unknown', expected, found: `one from ${from} to ${to}, and ${grace / 1000} seconds of grace` }
}

/** As `statusOf`, for an answer. `isNotNeeded`: only a revocation counts. */
export function answeredStatusOf(
  answer: CertificateStatus | undefined,
  { need, grace }: RevocationPolicy,
  now: number,
  isNotNeeded: boolean,
): RevocationStatus {
  if (answer?.revoked !== undefined) return { status: 'revoked', revoked: answer.revoked }
  if (need !== 'ocsp' || isNotNeeded) return { status: 'good', until: Number.POSITIVE_INFINITY }
  const expected = 'an answer of its OCSP responder that is in date'
  if (answer === undefined) return { status: 'unknown', expected, found: 'none yet' }
  const until = answer.nextUpdate + grace
  if (now <= until) return { status: 'good', until }
  return { status: 'unknown', expected, found: `one until ${new Date(answer.nextUpdate).toISOString()}` }
}
