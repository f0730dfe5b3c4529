// A login that succeeded, with its session and record; one that was refused, counted by address.
import { Fault, quote } from '@seg/core'
import { actorOf, placeOfRequest } from '../api/api-act.ts'
import type { AuditTrail } from '../audit/audit-trail.ts'
import { type AccessStore, MOST_SESSIONS, type Operator } from './access-store.ts'
import { isSamePerson, type People } from './people.ts'

/** Refused logins of one address in a minute; a credential that counts is always taken. */
const REFUSED = 20

/**
 * Never another host, which `//` begins, also once segments of dots are removed (RFC 3986 5.2.4);
 * of a backslash browsers make a slash.
 */
export const OWN_PATH = '^(?!.*//)(?!.*/\\.)/[A-Za-z0-9/._~%-]{0,300}$'

type Parts = {
  readonly access: AccessStore
  readonly audit: AuditTrail
  readonly people: Pick<People, 'list'>
}
type Asking = { readonly address: string /** Of the request. */; readonly id: string }

/**
 * The text of the cookie. Throws the Fault `login-refused` for a person whom seg.yaml disables,
 * whatever they have shown.
 */
export async function logIn(found: Operator, { address, id }: Asking, parts: Parts, at: Date): Promise<string> {
  const { access, audit, people } = parts
  const person = (await people.list()).find(one => isSamePerson(one.id, found.id))
  if (person?.isActive === false) throw new Fault('login-refused', `${quote(person.id)} is disabled in seg.yaml`)
  const session = access.addSession(found, address, at)
  for (const { id: ended, actor, role, method, credential } of session.ended)
    audit.add(
      {
        action: 'authentication.session-ended',
        category: 'authentication',
        actor: { id: actor, method, role, credential, session: ended },
        from: placeOfRequest({ address, id }),
        on: { kind: 'session', id: ended },
        reason: { code: 'login-required', detail: `${MOST_SESSIONS} sessions of this person are younger` },
      },
      'success',
      at,
    )
  audit.add(
    {
      action: 'authentication.login',
      category: 'authentication',
      actor: actorOf({ ...found, session: session.id }),
      from: placeOfRequest({ address, id }),
      on: { kind: 'session', id: session.id },
    },
    'success',
    at,
  )
  return session.text
}

/** The error to throw: `login-limit` instead of `login-refused` for an address with many. */
export function refusedLogin(error: unknown, address: string, access: AccessStore, at: Date): unknown {
  if (!(error instanceof Fault) || error.code !== 'login-refused') return error
  if (access.refused.attempt(address, at) <= REFUSED) return error
  return new Fault('login-limit', `more than ${REFUSED} logins from ${address} were refused within a minute`)
}
