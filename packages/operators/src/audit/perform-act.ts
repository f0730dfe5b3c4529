// An act with its records: the intent before, the outcome after. Without the first there is no act.
import { hostname, userInfo } from 'node:os'
import { asFault } from '@seg/core'
import type { Act, Actor, Change } from './audit-record.ts'
import type { AuditTrail } from './audit-trail.ts'

export type Planned = Pick<Act, 'action' | 'category' | 'on'> & {
  readonly why?: string | undefined
  /** Without it, who runs this process, where they run it. */
  readonly by?: Pick<Act, 'actor' | 'from' | 'approval'> | undefined
  /** What the act changes, as it is now: looked at before and after. */
  readonly look: () => Promise<unknown>
}

/**
 * Does `work` between two records. Throws the Fault `storage-unavailable`, with nothing done, when
 * the intent cannot be written; what `work` throws; and the Fault again when the outcome cannot be
 * written: the intent then stands alone. Crash in between: the same.
 */
export async function performAct<Result>(
  trail: AuditTrail,
  { look, why, by, ...planned }: Planned,
  work: () => Promise<Result>,
): Promise<Result> {
  const act = { ...planned, ...(by ?? { actor: shellActor(), from: shellPlace() }), ...(why !== undefined && { why }) }
  const before = await look()
  const { id: intent } = trail.add(act, 'pending', new Date())
  try {
    const result = await work()
    const change = compare(before, await look())
    trail.add({ ...act, intent, ...(change.length > 0 && { change }) }, 'success', new Date())
    return result
  } catch (error) {
    const { code, detail } = asFault(error)
    trail.add({ ...act, intent, reason: { code, detail } }, 'failure', new Date())
    throw error
  }
}

/** The account of the operating system proved who it is. */
export function shellActor(): Actor {
  const { username, uid } = userInfo()
  return { id: uid < 0 ? username : `${username} (${uid})`, method: 'shell' }
}

export function shellPlace(): Record<string, string | number> {
  // Of sshd: address and port of the client.
  const [address] = (process.env.SSH_CONNECTION ?? '').split(' ')
  return { host: hostname(), pid: process.pid, ...(address && { address }) }
}

/** Each field that differs, of two values of the same kind. */
function compare(before: unknown, after: unknown, path = ''): Change[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  if (!isMap(before) || !isMap(after)) return [{ path, before: before ?? null, after: after ?? null }]
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].flatMap(name => compare(before[name], after[name], path === '' ? name : `${path}.${name}`))
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
