// Logging in at a provider of OpenID Connect: to it, and back.
import { formatCookie } from '../access/authenticate.ts'
import { logIn, OWN_PATH, refusedLogin } from '../access/log-in.ts'
import { RawAnswer, route } from '../api/route.ts'
import { exactly, Type } from '../api/schema.ts'
import { CALLBACK } from './openid-login.ts'

/** Lax: the provider leads the browser back here, from another site. */
const COOKIE = '__Host-seg-login'

const Seen = Type.String({ description: 'A page that leads on.' })
const Word = Type.Optional(Type.String({ maxLength: 4096 }))

export const openIdRoutes = [
  route({
    method: 'GET',
    path: '/login/openid',
    permission: 'public',
    summary: 'Leads to the provider of OpenID Connect in seg.yaml.',
    query: exactly({ to: Type.Optional(Type.String({ pattern: OWN_PATH, description: 'A path of the console.' })) }),
    response: Seen,
    type: 'text/plain',
    handle: async ({ query, address }, { openid, access, now }) => {
      const at = now()
      try {
        const { url, secret } = await openid.begin(
          { to: query.to, console: access.url ?? 'https://localhost:8444', address },
          at,
        )
        const cookie = `${COOKIE}=${secret}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600`
        return new RawAnswer('text/plain', 'See Location.\n', {
          status: 303,
          fields: { location: url.href, 'set-cookie': cookie },
        })
      } catch (error) {
        throw refusedLogin(error, address, access, at)
      }
    },
  }),
  route({
    method: 'GET',
    path: CALLBACK,
    permission: 'public',
    summary: 'Takes the answer of the provider, once, sets the cookie of a session and leads to the console.',
    // A provider may say more than we ask for.
    query: Type.Object({ code: Word, state: Word, iss: Word, error: Word }, { additionalProperties: true }),
    response: Seen,
    type: 'text/html',
    handle: async ({ query, headers, address, id }, parts) => {
      const { openid, access, now } = parts
      const at = now()
      try {
        const { operator, to = '/' } = await openid.end(readAnswer(query), secretOf(headers.cookie), at)
        const cookie = formatCookie(await logIn(operator, { address, id }, parts, at))
        // A page of ours, for the cookie is not sent on a way that began at another site.
        const page = `<!doctype html><meta http-equiv="refresh" content="0;url=${to}"><title>SEG</title>`
        return new RawAnswer('text/html; charset=utf-8', page, { fields: { 'set-cookie': cookie } })
      } catch (error) {
        throw refusedLogin(error, address, access, at)
      }
    },
  }),
]

function readAnswer(query: Readonly<Record<string, unknown>>): URLSearchParams {
  const answer = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) for (const one of [value].flat()) answer.append(name, String(one))
  return answer
}

function secretOf(cookie: string | string[] | undefined): string | undefined {
  const pairs = `${cookie ?? ''}`.split(';').map(pair => pair.trim())
  const [own, ...others] = pairs.filter(pair => pair.startsWith(`${COOKIE}=`))
  return others.length > 0 ? undefined : own?.slice(COOKIE.length + 1, 300)
}
