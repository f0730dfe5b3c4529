// Sessions of persons who logged in with a certificate end when that, or their record, counts no
// more: revoked, out of date, disabled, of another role. Who is disabled has no other one either,
// and no API key.
import { hostname } from 'node:os'
import { asFault, keepLooking, type Looks, quote } from '@seg/core'
import type { PresentedChain } from '@seg/pki'
import type { AuditTrail } from '../audit/audit-trail.ts'
import type { KeptSession } from './access-rows.ts'
import type { AccessStore } from './access-store.ts'
import { isSamePerson, type People } from './people.ts'
import { judgeKeys } from './suspended-keys.ts'

export type CertificateSessions = Looks & {
  /** The chain of a login: its certificate is judged again at each look. */
  remember(chain: PresentedChain): void
}

type Parts = {
  readonly access: AccessStore
  readonly audit: AuditTrail
  readonly people: Pick<People, 'list' | 'recognize'>
  readonly complain: (line: string) => void
  readonly now: () => Date
}

/**
 * Looks at once, and every two seconds. A session from before our start has no chain that could be
 * judged: it ends, and its person logs in again with one request.
 */
export function followCertificateSessions({ access, audit, people, complain, now }: Parts): CertificateSessions {
  /** By fingerprint; those without a session are forgotten. */
  const chains = new Map<string, PresentedChain>()
  const lookOnce = async () => {
    try {
      const { certificate: sessions = [], others = [] } = Object.groupBy(access.sessions(now()), ({ method }) =>
        method === 'certificate' ? method : 'others',
      )
      for (const session of sessions) {
        const why = await doubtAbout(session)
        if (why !== undefined) end(session, why)
      }
      // Asked anew: who logged in meanwhile has a chain that was not there before.
      const inUse = new Set(access.sessions(now()).map(({ credential }) => credential))
      for (const fingerprint of chains.keys()) if (!inUse.has(fingerprint)) chains.delete(fingerprint)
      const all = await people.list()
      for (const session of others) {
        const person = all.find(({ id, isActive }) => !isActive && isSamePerson(id, session.actor))
        if (person !== undefined) end(session, `${quote(person.id)} is disabled in seg.yaml`)
      }
      judgeKeys(all, { access, audit, complain, now })
    } catch (error) {
      complain(`sessions and API keys of people cannot be judged: ${asFault(error).detail}`)
    }
  }
  const doubtAbout = async ({ actor, role, credential }: KeptSession): Promise<string | undefined> => {
    const chain = chains.get(credential)
    if (chain === undefined) return 'the listener was started since'
    try {
      const person = await people.recognize(chain, now())
      return person.id === actor && person.role === role
        ? undefined
        : `the certificate is that of ${person.id}, ${person.role}, now`
    } catch (error) {
      return asFault(error).detail
    }
  }
  const end = ({ id, actor, role, method, credential }: KeptSession, detail: string) => {
    access.revokeSession(id, now())
    const act = { action: 'authentication.session-ended', category: 'authentication' } as const
    const by = { id: actor, method, role, credential, session: id }
    const reason = { code: 'login-required', detail } as const
    const from = { host: hostname(), pid: process.pid }
    audit.add({ ...act, actor: by, from, on: { kind: 'session', id }, reason }, 'success', now())
  }
  return { ...keepLooking(lookOnce), remember: chain => void chains.set(chain.leaf.fingerprint256, chain) }
}
