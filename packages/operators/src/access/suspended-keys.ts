// An API key counts as long as those behind it do: with a person who is disabled, or who lost the
// right to make keys, it is suspended, and it counts again when they do.
import { hostname } from 'node:os'
import { quote } from '@seg/core'
import type { AuditTrail } from '../audit/audit-trail.ts'
import { type KeptKey, personsOf } from './access-rows.ts'
import type { AccessStore } from './access-store.ts'
import { isSamePerson } from './people.ts'
import type { Person } from './people-section.ts'
import { mayDo } from './roles.ts'

type Parts = {
  readonly access: Pick<AccessStore, 'keys' | 'suspendKey'>
  readonly audit: AuditTrail
  readonly complain: (line: string) => void
  readonly now: () => Date
}

/** What a key loses waits for no record; that it counts again does. */
export function judgeKeys(people: readonly Person[], { access, audit, complain, now }: Parts): void {
  for (const key of access.keys()) {
    const { id, name, role, endsAt, revokedAt, suspendedWhy } = key
    if (revokedAt !== undefined || endsAt <= now().getTime()) continue
    const why = doubtAbout(key, people)
    if ((why === undefined) === (suspendedWhy === undefined)) continue
    if (why !== undefined) access.suspendKey(id, why)
    audit.add(
      {
        action: `authorization.api-key-${why === undefined ? 'resumed' : 'suspended'}`,
        category: 'authorization',
        actor: { id: `key ${name}`, method: 'api-key', role, credential: id },
        from: { host: hostname(), pid: process.pid },
        on: { kind: 'api-key', id },
        ...(why !== undefined && { reason: { code: 'login-required', detail: why } }),
      },
      'success',
      now(),
    )
    if (why === undefined) access.suspendKey(id, undefined)
    complain(`the API key ${id}, ${quote(name)}, ${why === undefined ? 'counts again' : `does not count: ${why}`}`)
  }
}

/** Whose rights never came from seg.yaml, such as those of the shell, only loses them by name. */
function doubtAbout(key: KeptKey, people: readonly Person[]): string | undefined {
  for (const id of [...personsOf(key), key.name]) {
    const person = people.find(one => isSamePerson(one.id, id))
    if (person !== undefined && !person.isActive) return `${quote(person.id)} is disabled in seg.yaml`
    if (!key.recorded.includes(id)) continue
    if (person === undefined) return `${quote(id)} has no record in seg.yaml any more`
    if (!mayDo(person.role, 'access.act')) return `${quote(id)} is ${person.role} now, who makes no API keys`
  }
  return undefined
}
