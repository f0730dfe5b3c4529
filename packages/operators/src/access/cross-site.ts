// Whether a page of another site made a browser send this request with our cookie.
import { Fault, quote } from '@seg/core'

type Fields = Readonly<Record<string, string | string[] | undefined>>

/**
 * Fetch Metadata decides where a browser sends it, else Origin (RFC 6454): what changes something
 * needs one of the two. Throws the Fault `cross-site`.
 */
export function checkSameSite(method: string, headers: Fields): void {
  const site = headers['sec-fetch-site']
  const { origin, host } = headers
  const isReading = method === 'GET' || method === 'HEAD'
  // `none`: an address that a person typed.
  if (site === 'same-origin' || (site === 'none' && isReading)) return
  if (site !== undefined)
    throw new Fault('cross-site', `expected Sec-Fetch-Site: same-origin, found ${quote(`${site}`)}`)
  if (origin === `https://${host}` || (origin === undefined && isReading)) return
  const found = origin === undefined ? 'neither Origin nor Sec-Fetch-Site' : quote(`${origin}`)
  throw new Fault('cross-site', `expected the Origin ${quote(`https://${host}`)}, found ${found}`)
}
