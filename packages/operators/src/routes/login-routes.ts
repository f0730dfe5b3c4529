// Logging in with a link from the shell, and out.
import { Fault } from '@seg/core'
import { endedCookie, formatCookie } from '../access/authenticate.ts'
import { logIn, OWN_PATH, refusedLogin } from '../access/log-in.ts'
import { actAs } from '../api/api-act.ts'
import { operatorOf, RawAnswer, route } from '../api/route.ts'
import { exactly, Type } from '../api/schema.ts'

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
    handle: async ({ params, query, headers, address, id }, parts) => {
      const { access, now } = parts
      // A browser that only looks ahead must not use the link up.
      if (`${headers['sec-purpose'] ?? headers.purpose ?? ''}`.includes('prefetch'))
        throw new Fault('login-refused', 'expected a person who opens the link, found a browser that looks ahead')
      const at = now()
      try {
        const found = access.takeLink(params.link, at)
        if ('because' in found)
          throw new Fault(
            'login-refused',
            `expected a link that is five minutes old at most and was not used, found one that is ${found.because}; ` +
              '`receiver console login` makes another',
          )
        return redirect(formatCookie(await logIn(found, { address, id }, parts, at)), query.to)
      } catch (error) {
        throw refusedLogin(error, address, access, at)
      }
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/logout',
    permission: 'me',
    act: 'authentication.logout',
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
