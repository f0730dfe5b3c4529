// Logging in with a link from the shell, and out.
import { Fault } from '@seg/core'
import { endedCookie, formatCookie } from '../access/authenticate.ts'
import { actAs, actorOf, placeOfRequest } from '../api/api-act.ts'
import { operatorOf, RawAnswer, route } from '../api/route.ts'
import { exactly, Type } from '../api/schema.ts'

/** Refused logins of one address in a minute; a link that counts is always taken. */
const REFUSED = 20

/** Never another host, which `//` begins; of a backslash browsers make a slash. */
const OWN_PATH = '^/(?!/)[A-Za-z0-9/._~%-]{0,300}$'

const Seen = Type.String({ description: 'See Location.' })

export const loginRoutes = [
  route({
    method: 'GET',
    path: '/login/:link',
    permission: 'public',
    summary: 'Takes a login link, once, sets the cookie of a session and redirects to the console.',
    params: exactly({ link: Type.String({ maxLength: 200 }) }),
    query: exactly({ to: Type.Optional(Type.String({ pattern: OWN_PATH, description: 'A path of the console.' })) }),
    response: Seen,
    type: 'text/plain',
    handle: ({ params, query, headers, address, id }, { access, audit, now }) => {
      // A browser that only looks ahead must not use the link up.
      if (`${headers['sec-purpose'] ?? headers.purpose ?? ''}`.includes('prefetch'))
        throw new Fault('login-refused', 'expected a person who opens the link, found a browser that looks ahead')
      const at = now()
      const found = access.takeLink(params.link, at)
      if ('because' in found) {
        if (access.refused.attempt(address, at) > REFUSED)
          throw new Fault('login-limit', `more than ${REFUSED} logins from ${address} were refused within a minute`)
        throw new Fault(
          'login-refused',
          `expected a link that is five minutes old at most and was not used, found one that is ${found.because}; \`receiver console login\` makes another`,
        )
      }
      const session = access.addSession(found, address, at)
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
      return redirect(formatCookie(session.text), query.to)
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/logout',
    permission: 'me',
    summary: 'Ends the session that asks.',
    response: Seen,
    type: 'text/plain',
    handle: async (request, parts) => {
      const { session } = operatorOf(request)
      if (session === undefined)
        throw new Fault('parameter-invalid', 'expected a session, found an API key, which is revoked')
      const planned = {
        action: 'authentication.logout',
        category: 'authentication',
        on: { kind: 'session', id: session },
      } as const
      await actAs(request, parts, planned, async () => parts.access.revokeSession(session, parts.now()))
      return redirect(endedCookie)
    },
  }),
]

/** RFC 9110 15.4.4: what comes next is another thing, read with GET. */
function redirect(cookie: string, location = '/'): RawAnswer {
  const fields = { location, 'set-cookie': cookie }
  return new RawAnswer('text/plain', `See ${location}.\n`, { status: 303, fields })
}
