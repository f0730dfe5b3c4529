// What changes with time: dates and revocation of paths that are right otherwise.
import type { Authority } from './authority.ts'
import { issuerIdOf, type PathCertificate } from './path-certificate.ts'
import { PathRefusal } from './refusal.ts'
import { answeredStatusOf, type RevocationLists, statusKey, statusOf } from './revocation-lists.ts'
import { type GoodPath, shownName } from './verdict.ts'

/** A path that is right but for the time. */
export type CheckedPath = { readonly authority: Authority; readonly certificates: readonly PathCertificate[] }

/**
 * `past`: for what was signed then. A CA's certificate counts for the time before it as well
 * (docs/decisions/0009).
 */
export type Moment = { readonly at: Date; readonly isPast?: boolean }

export type Decision = { readonly verdict: GoodPath; readonly from: number; readonly to: number }

/**
 * The best of the paths: the first authority's, and of its paths the one that lasts longest. Throws
 * a Refusal when none is good.
 */
export function decide(paths: readonly CheckedPath[], moment: Moment, revocation: RevocationLists): Decision {
  const good: { readonly path: CheckedPath; readonly from: number; readonly to: number }[] = []
  let refusal: PathRefusal | undefined
  for (const path of paths) {
    try {
      good.push({ path, ...checkMoment(path, moment, revocation) })
    } catch (error) {
      if (!(error instanceof PathRefusal)) throw error
      refusal ??= error
    }
  }
  const [first] = good
  if (first === undefined) throw refusal ?? new TypeError('no path to decide on')
  const own = good.filter(({ path }) => path.authority === first.path.authority)
  const best = own.reduce((longest, next) => (next.to > longest.to ? next : longest))
  return {
    from: Math.max(...good.map(({ from }) => from)),
    to: Math.min(...good.map(({ to }) => to), ...startsAfter(paths, moment.at.getTime())),
    verdict: {
      ok: true,
      authority: best.path.authority.name,
      authorities: [...new Set(good.map(({ path }) => path.authority.name))],
      path: best.path.certificates.map(({ certificate }) => certificate),
      notAfter: new Date(best.to),
    },
  }
}

/** The last moments before another path may count. */
function startsAfter(paths: readonly CheckedPath[], time: number): number[] {
  const starts = paths.flatMap(({ authority, certificates }) => [
    authority.from?.getTime() ?? 0,
    ...certificates.map(({ fields }) => fields.from),
  ])
  return starts.filter(start => start > time).map(start => start - 1)
}

/** From when to when the path holds. Throws a Refusal. */
function checkMoment({ authority, certificates }: CheckedPath, moment: Moment, lists: RevocationLists) {
  const time = moment.at.getTime()
  const [leaf] = certificates as [PathCertificate]
  let from = authority.from?.getTime() ?? Number.NEGATIVE_INFINITY
  let to = authority.until?.getTime() ?? Number.POSITIVE_INFINITY
  if (!(from <= time && time <= to))
    throw outOfDate(
      leaf,
      `the period of the authority ${authority.name}`,
      from,
      to,
      time,
      'change `from` or `until` of the authority, if it is to count',
    )
  for (const certificate of certificates) {
    const { fields } = certificate
    const start = moment.isPast && certificate !== leaf ? Number.NEGATIVE_INFINITY : fields.from
    if (!(start <= time && time <= fields.to))
      throw outOfDate(
        certificate,
        'validity (RFC 5280 4.1.2.5)',
        fields.from,
        fields.to,
        time,
        'have it renewed, and check the clocks',
      )
    from = Math.max(from, start)
    to = Math.min(to, fields.to)
  }
  for (const [at, issuer] of certificates.slice(1).entries())
    to = Math.min(to, checkRevocation(certificates[at]!, issuer, authority, moment, lists, at === 0))
  return { from, to }
}

function outOfDate(
  certificate: PathCertificate,
  check: string,
  from: number,
  to: number,
  time: number,
  remedy: string,
) {
  return new PathRefusal(certificate, {
    code: 'certificate-expired',
    check,
    expected: `a time from ${show(from)} to ${show(to)}`,
    found: show(time),
    remedy,
  })
}

function show(time: number): string {
  return Number.isFinite(time) ? new Date(time).toISOString() : 'no date'
}

/** keyCompromise, cACompromise, aACompromise: what the key signed before counts no more, either. */
const compromised = [1, 2, 10]

/** Until when its status is known. */
function checkRevocation(
  certificate: PathCertificate,
  issuer: PathCertificate,
  { name, revocation: policy }: Authority,
  { at, isPast = false }: Moment,
  lists: RevocationLists,
  isLeaf: boolean,
): number {
  const time = at.getTime()
  const issuerId = issuerIdOf(issuer)
  const listed = statusOf(lists.get(issuerId), certificate.serial, policy, time, isPast)
  const answer = lists.statuses?.get(statusKey(issuerId, certificate.serial))
  const answered = answeredStatusOf(answer, policy, time, isPast || !isLeaf)
  const status = listed.status === 'good' ? answered : listed
  if (listed.status === 'good' && answered.status === 'good') return Math.min(listed.until, answered.until)
  if (status.status === 'good') throw new TypeError('a status that is good and is not')
  if (status.status === 'unknown')
    throw new PathRefusal(
      certificate,
      {
        code: 'revocation-unknown',
        check: 'revocation (RFC 5280 6.3)',
        expected: status.expected,
        found: status.found,
        remedy:
          `see whether revocation data of ${shownName(issuer.certificate.subject)} ` +
          'can be fetched, and check the clock',
      },
      { authority: name, leaf: certificate.certificate, issuer: issuer.certificate },
    )
  const { at: since, reason } = status.revoked
  if (isPast && since > time && !compromised.includes(reason)) return Number.POSITIVE_INFINITY
  throw new PathRefusal(certificate, {
    code: 'certificate-revoked',
    check: 'revocation (RFC 5280 6.3)',
    expected: 'a certificate that its issuer has not revoked',
    found: `one revoked at ${show(since)}, reason ${reason}`,
    remedy: 'ask the CA for a new certificate, with a new key',
  })
}
