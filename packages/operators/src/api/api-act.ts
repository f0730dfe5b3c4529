// Acts of operators through the API, in the audit trail: nothing is done or given out without it.
import { hostname } from 'node:os'
import type { Operator } from '../access/access-store.ts'
import type { Actor } from '../audit/audit-record.ts'
import { type Planned, performAct } from '../audit/perform-act.ts'
import type { ApiParts } from './parts.ts'
import { type ApiRequest, type ApiRoute, operatorOf } from './route.ts'

export function actorOf({ id, role, method, credential, session }: Operator): Actor {
  return { id, method, role, credential, ...(session && { session }) }
}

export function placeOfRequest({ address, id }: Pick<ApiRequest, 'address' | 'id'>): Record<string, string | number> {
  return { host: hostname(), pid: process.pid, address, request: id }
}

/** Requests whose intent was recorded. */
const recorded = new WeakSet<object>()

/**
 * Does `work` between its two records. Throws as `performAct` does, and a TypeError, with nothing
 * done, for an act that its route does not declare.
 */
export function actAs<Result>(
  request: ApiRequest,
  { audit }: Pick<ApiParts, 'audit'>,
  planned: Omit<Planned, 'by' | 'look'> & { readonly look?: Planned['look'] },
  work: () => Promise<Result>,
): Promise<Result> {
  const { approval, act } = request
  if (act !== planned.action) throw new TypeError(`expected the act of the route, ${act}, found ${planned.action}`)
  recorded.add(request)
  const by = { actor: actorOf(operatorOf(request)), from: placeOfRequest(request), ...(approval && { approval }) }
  return performAct(audit, { look: async () => null, ...planned, by }, work)
}

/** TypeError for a route that has done something without the act that it declares. */
export function checkRecorded({ method, path, act }: ApiRoute, request: ApiRequest<never, never, never>): void {
  const { dryRun } = Object(request.query) as { readonly dryRun?: unknown }
  if (act !== undefined && dryRun !== true && !recorded.has(request))
    throw new TypeError(`${method} ${path} left no record of ${act}`)
}
