// How near the end of a certificate is: in the stages at which operators are warned.
import type { X509Certificate } from 'node:crypto'

/** Days before the end of a certificate at which we warn. */
const WARNING_DAYS = [60, 30, 14, 7, 1]
export const DAY = 86_400_000

export const FAR = Number.POSITIVE_INFINITY
export const OVER = 0
export const NOT_YET = -1

/** OVER, NOT_YET, or the least of the days in WARNING_DAYS that are not less than those left. */
export function expiryStage({ validFromDate, validToDate }: X509Certificate, now: number): number {
  const to = validToDate.getTime()
  // A date that cannot be read is within nothing.
  if (!(validFromDate.getTime() <= now)) return NOT_YET
  if (!(now <= to)) return OVER
  return WARNING_DAYS.filter(days => to - now <= days * DAY).at(-1) ?? FAR
}

/** Of CA certificates with one name and key, the one that ends last: the others were renewed. */
export function latestOfEach(authorities: readonly X509Certificate[]): X509Certificate[] {
  const end = ({ validToDate }: X509Certificate) => validToDate.getTime()
  return authorities.filter(one => !authorities.some(other => end(other) > end(one) && isSameAuthority(one, other)))
}

function isSameAuthority(a: X509Certificate, b: X509Certificate): boolean {
  return a.subject === b.subject && a.publicKey.equals(b.publicKey)
}
