// From the fields of a request to who asks: an API key, or the cookie of a session.
import { Fault } from '@seg/core'
import type { AccessStore, Operator, Unaccepted } from './access-store.ts'
import { checkSameSite } from './cross-site.ts'

/** `__Host-`: a browser takes and sends it for this host alone, over TLS (RFC 6265bis 4.1.3.2). */
const COOKIE = '__Host-seg'

/** In a request that the console makes by itself, while nobody touches it. */
const UNATTENDED = 'seg-unattended'

type Fields = Readonly<Record<string, string | string[] | undefined>>

export function formatCookie(text: string): string {
  return `${COOKIE}=${text}; Path=/; Secure; HttpOnly; SameSite=Strict`
}

export const endedCookie = `${COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0`

/** A credential that was shown and does not count: somebody may be trying. */
export class BadCredential extends Fault {
  readonly credential: string | undefined

  constructor({ because, credential }: Unaccepted, what: string) {
    super('login-required', `expected a credential that is in force, found ${what} that is ${because}`)
    this.credential = credential
  }
}

/** Who asks has a role that may not. Nobody learns so whether an object is there. */
export class Denied extends Fault {
  constructor({ role }: Operator, permission: string, isHidden: boolean) {
    super(isHidden ? 'not-found' : 'not-permitted', `expected a role with ${permission}, found ${role}`)
  }
}

/**
 * A key decides where there are both. `isUnattended`: no person asks, so a session does not last
 * longer for it; an act always counts. Throws the Faults `login-required`, as `BadCredential` where
 * one was shown, and `cross-site`.
 */
export function authenticate(
  method: string,
  headers: Fields,
  access: AccessStore,
  now: Date,
  isUnattended = method === 'GET' && headers[UNATTENDED] !== undefined,
): Operator {
  const { authorization } = headers
  if (authorization !== undefined) {
    const [, key] = /^Bearer ([\w-]{1,200})$/i.exec(`${authorization}`) ?? []
    return accepted(key === undefined ? { because: 'unknown' } : access.findKey(key, now), 'an API key')
  }
  const [cookie, ...others] = cookiesOf(headers)
  if (cookie === undefined)
    throw new Fault('login-required', 'expected an API key or the cookie of a session, found none')
  if (others.length > 0) throw new BadCredential({ because: 'unknown' }, 'more than one session')
  const operator = accepted(access.findSession(cookie, now, !isUnattended), 'a session')
  checkSameSite(method, headers)
  return operator
}

/** The text of the credential that `authenticate` decides by. */
export function shownCredential(headers: Fields): string {
  return headers.authorization === undefined ? (cookiesOf(headers)[0] ?? '') : `${headers.authorization}`
}

function accepted(found: Operator | Unaccepted, what: string): Operator {
  if ('because' in found) throw new BadCredential(found, what)
  return found
}

function cookiesOf({ cookie }: Fields): string[] {
  return `${cookie ?? ''}`
    .split(';')
    .map(pair => pair.trim())
    .filter(pair => pair.startsWith(`${COOKIE}=`))
    .map(pair => pair.slice(COOKIE.length + 1, 300))
}
