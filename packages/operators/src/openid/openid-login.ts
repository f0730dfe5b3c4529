// Logins with OpenID Connect: authorization code with PKCE (OpenID Connect Core 3.1, RFC 7636),
// each begun and ended by the same browser, and once.
import { dirname, resolve } from 'node:path'
import { configurationPath, Fault, quote, readSecretFile, readSection } from '@seg/core'
import * as openid from 'openid-client'
import type { Operator } from '../access/access-store.ts'
import { hashSecret, makeSecret } from '../access/secrets.ts'
import { openBoundedFetch } from '../outbound/bounded-fetch.ts'
import { loadOutboundContext } from '../outbound/outbound-tls.ts'
import { type OpenIdRecord, openIdSection } from './openid-section.ts'

/** Milliseconds that a person has at the provider, and that what it says of itself is kept. */
const [LOGIN_TIME, KEPT_TIME] = [10 * 60_000, 10 * 60_000]
/** Milliseconds between two looks into seg.yaml for those who have not logged in. */
const LOOK_TIME = 10_000
/** Logins under way, of all and of one address; beyond, the oldest of that address ends. */
const [MOST, MOST_OF_ONE] = [1000, 50]
export const CALLBACK = '/login/openid/callback'

type UnderWay = {
  readonly verifier: string
  readonly state: string
  readonly nonce: string
  readonly to: string | undefined
  readonly redirect: string
  readonly address: string
  readonly endsAt: number
}
type Provider = { readonly record: OpenIdRecord; readonly configuration: openid.Configuration }

/** `console`: where it is, if seg.yaml does not say. */
type AskedLogin = { readonly to: string | undefined; readonly console: string; readonly address: string }

export type OpenIdLogin = {
  /** Whether seg.yaml names a provider, for a page that leads there; seen within ten seconds. */
  isConfigured(now: Date): boolean
  /** Where the browser goes, and the secret of its cookie. Throws the Fault `not-found`. */
  begin(asked: AskedLogin, now: Date): Promise<{ readonly url: URL; readonly secret: string }>
  /** Throws the Fault `login-refused` with the reason. */
  end(
    answer: URLSearchParams,
    secret: string | undefined,
    now: Date,
  ): Promise<{ readonly operator: Operator; readonly to: string | undefined }>
}

/** `config`: the path of seg.yaml, which is read anew with each login. */
export function openOpenIdLogin(config: string | undefined): OpenIdLogin {
  const underWay = new Map<string, UnderWay>()
  /** Who begins logins without end ends their own: the oldest of the address with the most. */
  const makeRoom = (address: string) => {
    const byAddress = Map.groupBy(underWay, ([, login]) => login.address)
    const own = byAddress.get(address) ?? []
    const most = underWay.size < MOST ? own : [...byAddress.values()].reduce((a, b) => (b.length > a.length ? b : a))
    if (own.length >= MOST_OF_ONE || underWay.size >= MOST) underWay.delete(most[0]![0])
  }
  let known: (Provider & { readonly key: string; readonly until: number }) | undefined
  /** What is asked of the provider at this moment: many logins ask once. */
  let asking: { readonly key: string; readonly provider: Promise<Provider> } | undefined
  const provider = async (now: Date): Promise<Provider> => {
    const { path, value: record } = readSection(config, openIdSection)
    if (record === undefined) throw new Fault('not-found', 'there is no "openid-connect" in seg.yaml')
    const at = (name: string) => resolve(dirname(configurationPath(path)), name)
    const secret = (await readSecretFile(at(record['client-secret']))).toString('utf8').trim()
    const key = JSON.stringify([record, [...record.roles], hashSecret(secret).toString('hex')])
    if (known?.key === key && now.getTime() < known.until) return known
    if (asking?.key === key) return asking.provider
    const found = discover(record, secret, record.ca && at(record.ca))
    asking = { key, provider: found }
    try {
      known = { ...(await found), key, until: now.getTime() + KEPT_TIME }
    } finally {
      if (asking?.provider === found) asking = undefined
    }
    return known
  }
  const discover = async (record: OpenIdRecord, secret: string, ca: string | undefined): Promise<Provider> => {
    const fetch = openBoundedFetch(await loadOutboundContext({ ca }))
    const configuration = await openid
      .discovery(record.issuer, record['client-id'], secret, undefined, {
        [openid.customFetch]: fetch as openid.CustomFetch,
      })
      .catch(cause => {
        throw refused(`the provider ${record.issuer.origin} cannot be used: ${messageOf(cause)}`, cause)
      })
    // Its signature is verified, too, though the token comes over TLS.
    openid.enableNonRepudiationChecks(configuration)
    return { record, configuration }
  }
  const look = (): boolean => {
    try {
      return readSection(config, openIdSection).value !== undefined
    } catch {
      // What is wrong with seg.yaml the log says, and who logs in.
      return false
    }
  }
  let seen: { readonly at: number; readonly isThere: boolean } | undefined
  return {
    isConfigured(now) {
      const at = now.getTime()
      if (seen === undefined || Math.abs(at - seen.at) >= LOOK_TIME) seen = { at, isThere: look() }
      return seen.isThere
    },
    async begin({ to, console, address }, now) {
      const { record, configuration } = await provider(now)
      const verifier = openid.randomPKCECodeVerifier()
      const [state, nonce] = [openid.randomState(), openid.randomNonce()]
      const redirect = new URL(CALLBACK, record.console ?? console).href
      const url = openid.buildAuthorizationUrl(configuration, {
        ...{ redirect_uri: redirect, scope: 'openid profile', state, nonce, response_type: 'code' },
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
      const { text, hash } = makeSecret('link')
      makeRoom(address)
      const endsAt = now.getTime() + LOGIN_TIME
      underWay.set(hash.toString('hex'), { verifier, state, nonce, to, redirect, address, endsAt })
      return { url, secret: text }
    },
    async end(answer, secret, now) {
      const key = secret === undefined ? '' : hashSecret(secret).toString('hex')
      const login = underWay.get(key)
      underWay.delete(key)
      if (login === undefined || login.endsAt <= now.getTime())
        throw refused('expected the browser that began this login, within ten minutes and once')
      const { record, configuration } = await provider(now)
      const url = new URL(login.redirect)
      url.search = answer.toString()
      try {
        const checks = { pkceCodeVerifier: login.verifier, expectedState: login.state, expectedNonce: login.nonce }
        const tokens = await openid.authorizationCodeGrant(configuration, url, { ...checks, idTokenExpected: true })
        return { operator: operatorOf(Object(tokens.claims()), record), to: login.to }
      } catch (cause) {
        throw cause instanceof Fault
          ? cause
          : refused(`the provider's answer does not count: ${messageOf(cause)}`, cause)
      }
    },
  }
}

/** The first role in the order of seg.yaml. Throws the Fault `login-refused`. */
function operatorOf(
  claims: Readonly<Record<string, unknown>>,
  { person = 'sub', claim, roles, issuer }: OpenIdRecord,
): Operator {
  const id = claims[person]
  if (typeof id !== 'string' || !/^[^\p{Cc}]{1,200}$/u.test(id))
    throw refused(`expected a name in the claim ${quote(person)}, found none`)
  const values = [claims[claim]].flat().filter(value => typeof value === 'string')
  const [, role] = [...roles].find(([value]) => values.includes(value)) ?? []
  if (role === undefined)
    throw refused(`${quote(id)} has no role here: no value of the claim ${quote(claim)} is in "roles"`)
  return { id, role, method: 'openid', credential: `${issuer.host} ${String(claims.sub).slice(0, 255)}` }
}

function refused(detail: string, cause?: unknown): Fault {
  return new Fault('login-refused', detail, { cause })
}

/** What a library says may hold what a peer sent. */
function messageOf(error: unknown): string {
  const { message, code } = error as { readonly message?: string; readonly code?: string }
  return quote(`${code ?? 'error'}: ${message ?? ''}`.slice(0, 300))
}
