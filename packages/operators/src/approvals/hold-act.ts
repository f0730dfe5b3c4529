// An act that another person has to approve is kept instead of done; what nobody decides lapses.
import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { asFault, keepLooking, type Looks } from '@seg/core'
import { Acts } from '../acts/possible-acts.ts'
import { actorOf, placeOfRequest } from '../api/api-act.ts'
import { entityTag } from '../api/entity-tag.ts'
import type { ApiParts } from '../api/parts.ts'
import { type ApiRequest, type ApiRoute, operatorOf } from '../api/route.ts'
import { exactly, orNull, Time, Type } from '../api/schema.ts'
import type { HeldAct } from './approval-store.ts'
import { decisionActs } from './who-decides.ts'

export const Approval = exactly(
  {
    id: Type.String(),
    state: Type.String({ description: 'waiting, approved, refused or lapsed' }),
    act: Type.String({ description: 'Method and path of what was asked for.' }),
    query: Type.String({ description: 'Its parameters, as JSON.' }),
    body: Type.String({ description: 'Its body, as JSON.' }),
    author: exactly({ id: Type.String(), role: Type.String() }),
    at: Time,
    expiresAt: Time,
    decidedBy: orNull(Type.String()),
    decidedAt: orNull(Time),
    reason: orNull(Type.String({ description: 'Why it was refused, or what the approved act met.' })),
    acts: Acts,
  },
  'Approval',
)

export function nameOfRoute({ method, path }: Pick<ApiRoute, 'method' | 'path'>): string {
  return `${method} ${path}`
}

/** `permission`: of what was asked for; undefined for an act that this version does not know. */
export function approvalRow(
  held: HeldAct,
  request: Pick<ApiRequest, 'operator'>,
  permission: ApiRoute['permission'] | undefined,
  known: Pick<ApiParts, 'access' | 'now'>,
) {
  const { id, state, decidedBy, decidedAt, reason, query, body, author, at, endsAt } = held
  return {
    ...{ id, state, decidedBy: decidedBy ?? null, reason: reason ?? null },
    act: actOf(held),
    query: JSON.stringify(query ?? null),
    body: JSON.stringify(body ?? null),
    author: { id: author.id, role: author.role },
    at: new Date(at).toISOString(),
    expiresAt: new Date(endsAt).toISOString(),
    decidedAt: decidedAt === undefined ? null : new Date(decidedAt).toISOString(),
    acts: permission === undefined ? [] : decisionActs(operatorOf(request), held, permission, known),
  }
}

/** Method and path, as it was asked for. */
function actOf({ route, params }: Pick<HeldAct, 'route' | 'params'>): string {
  const values = Object(params) as Readonly<Record<string, string>>
  return route.replaceAll(/:(\w+)/g, (_all, name) => encodeURIComponent(values[name] ?? ''))
}

/** A dry run changes nothing, and does not wait. */
export function mustWait(
  { needsApproval }: ApiRoute,
  { query }: ApiRequest<never, never, never>,
  { fourEyes }: Pick<ApiParts, 'fourEyes'>,
): boolean {
  const { dryRun } = Object(query) as { readonly dryRun?: unknown }
  return needsApproval === true && fourEyes && dryRun !== true
}

/** Crash between the two: it waits without its record, and the next decision has one. */
export async function holdAct(
  row: ApiRoute,
  request: ApiRequest<never, never, never>,
  parts: ApiParts,
): Promise<HeldAct> {
  const author = operatorOf(request)
  const store = await parts.approvals()
  const { params, query, body } = request as ApiRequest
  const seen = row.version === undefined ? null : entityTag(await row.version(request, parts))
  const held = store.add(
    { route: nameOfRoute(row), params: params ?? null, query: query ?? null, body: body ?? null, seen, author },
    parts.now(),
  )
  const act = actOf(held)
  const bodySha256 = createHash('sha256')
    .update(JSON.stringify(body ?? null))
    .digest('hex')
  parts.audit.add(
    {
      action: 'authorization.approval-requested',
      category: 'authorization',
      actor: actorOf(author),
      from: placeOfRequest(request),
      on: { kind: 'approval', id: held.id },
      change: [{ path: 'act', before: null, after: { act, query: query ?? null, bodySha256 } }],
    },
    'success',
    parts.now(),
  )
  return held
}

type Lapsing = Pick<ApiParts, 'approvals' | 'audit' | 'complain' | 'now'>

/** Looks at once, and every two seconds. */
export function followApprovals(parts: Lapsing): Looks {
  return keepLooking(async () => {
    try {
      await lapseApprovals(parts)
    } catch (error) {
      parts.complain(`approvals cannot be looked at: ${asFault(error).detail}`)
    }
  })
}

export async function lapseApprovals({
  approvals,
  audit,
  now,
}: Pick<Lapsing, 'approvals' | 'audit' | 'now'>): Promise<void> {
  for (const { id } of (await approvals()).lapse(now())) {
    const actor = { id: "the operators' listener", method: 'service' } as const
    const act = { action: 'authorization.approval-lapsed', category: 'authorization', actor } as const
    audit.add({ ...act, from: { host: hostname(), pid: process.pid }, on: { kind: 'approval', id } }, 'success', now())
  }
}
