// Acts that wait for another person: listed, approved and refused.
import { asFault, Fault, quote } from '@seg/core'
import { actAs, actorOf, checkRecorded } from '../api/api-act.ts'
import { entityTag } from '../api/entity-tag.ts'
import type { ApiParts } from '../api/parts.ts'
import { type ApiRequest, type ApiRoute, operatorOf, RawAnswer, route } from '../api/route.ts'
import { exactly, Type, Why } from '../api/schema.ts'
import type { ApprovalStore, HeldAct } from './approval-store.ts'
import { Approval, approvalRow, lapseApprovals, nameOfRoute } from './hold-act.ts'
import { checkApprover, checkConcerned, checkPerson, checkRefuser } from './who-decides.ts'

const Id = exactly({ id: Type.String({ pattern: '^[0-9a-f-]{1,36}$' }) })

/** `routes`: those whose acts may wait. */
export function approvalRoutes(routes: readonly ApiRoute[]): readonly ApiRoute[] {
  const rows = new Map(routes.filter(({ needsApproval }) => needsApproval).map(row => [nameOfRoute(row), row]))
  const versionOf = async ({ params: { id } }: ApiRequest<{ id: string }>, parts: ApiParts) =>
    (await storeOf(parts)).get(id)
  // What another version kept is listed all the same; `rowOf` refuses to do it.
  const shown = (held: HeldAct, request: Pick<ApiRequest, 'operator'>, parts: ApiParts) =>
    approvalRow(held, request, rows.get(held.route)?.permission, parts)
  return [
    route({
      method: 'GET',
      path: '/api/v1/approvals',
      permission: 'approvals.read',
      summary: 'Acts that wait for another person, or were decided, the newest 200 first.',
      response: exactly({ data: Type.Array(Approval) }),
      handle: async (request, parts) => ({
        data: (await storeOf(parts)).list().map(held => shown(held, request, parts)),
      }),
    }),
    route({
      method: 'GET',
      path: '/api/v1/approvals/:id',
      permission: 'approvals.read',
      summary: 'One of them, with its ETag.',
      params: Id,
      response: Approval,
      version: versionOf,
      handle: async (request, parts) => shown((await storeOf(parts)).get(request.params.id), request, parts),
    }),
    route({
      method: 'POST',
      path: '/api/v1/approvals/:id/approve',
      permission: 'approvals.act',
      act: 'authorization.approval-given',
      summary: 'Does what another person asked for. Answers what the act answers.',
      params: Id,
      response: exactly({ id: Type.String(), state: Type.String(), answer: Type.String({ description: 'JSON.' }) }),
      version: versionOf,
      handle: async (request, parts) => approve(request, parts, rows),
    }),
    route({
      method: 'POST',
      path: '/api/v1/approvals/:id/refuse',
      permission: 'approvals.act',
      act: 'authorization.approval-refused',
      summary: 'Ends it: the act is not done. Who asked for it may do so, too.',
      params: Id,
      body: exactly({ why: Why }),
      response: Approval,
      version: versionOf,
      handle: async (request, parts) => {
        const { id } = request.params
        const { why } = request.body
        const store = await storeOf(parts)
        const { permission } = rowOf(store.get(id), rows)
        checkRefuser(operatorOf(request), permission)
        const on = { kind: 'approval', id }
        const planned = { action: 'authorization.approval-refused', category: 'authorization', on, why } as const
        const by = operatorOf(request).id
        const refused = await actAs(request as ApiRequest, parts, planned, async () =>
          store.decide(id, { state: 'refused', by, why }, parts.now()),
        )
        return approvalRow(refused, request, permission, parts)
      },
    }),
  ]
}

type Rows = ReadonlyMap<string, ApiRoute>

async function approve(request: ApiRequest<{ id: string }>, parts: ApiParts, rows: Rows) {
  const { id } = request.params
  const approver = operatorOf(request)
  const store = await storeOf(parts)
  const held = store.get(id)
  const row = rowOf(held, rows)
  checkApprover(approver, held.author, row.permission, parts)
  checkConcerned(approver, row, held.params, parts)
  await checkPerson(held.author, parts)
  // The condition is that of the author: the approver's is about the approval.
  const headers: ApiRequest['headers'] = held.seen === null ? {} : { 'if-match': held.seen }
  const { params, query, body, author: operator } = held
  const asked = { ...request, headers, params, query, body, operator }
  const found = row.version && entityTag(await row.version(asked as ApiRequest<never, never, never>, parts))
  checkSeen(held, store.get(id), found)
  const planned = {
    action: 'authorization.approval-given',
    category: 'authorization',
    on: { kind: 'approval', id },
  } as const
  const answer = await actAs(request as ApiRequest, parts, planned, async () => {
    // Crash after: it is approved, and whether it was done the records of the act say. Nobody does
    // it a second time.
    store.decide(id, { state: 'approved', by: approver.id }, parts.now())
    const approval = { id, by: actorOf(approver) }
    try {
      const approved = { ...asked, act: row.act, approval } as ApiRequest<never, never, never>
      const answer = await row.handle(approved, parts)
      checkRecorded(row, approved)
      return answer
    } catch (error) {
      const { code, detail } = asFault(error)
      store.setReason(id, `${code}: ${detail}`)
      throw error
    }
  })
  if (answer instanceof RawAnswer) throw new TypeError(`${held.route} answers no JSON`)
  return { id, state: 'approved', answer: JSON.stringify(answer) }
}

/** Of what was changed since its author saw it nothing is done: the approver did not see that. */
function checkSeen({ seen }: HeldAct, { state }: HeldAct, found: string | undefined): void {
  if (state !== 'waiting') throw new Fault('approval-decided', `expected an act that waits, found one that is ${state}`)
  if (found !== undefined && found !== seen)
    throw new Fault('version-changed', `expected ${seen}, which its author saw, found ${found}`)
}

/** What is over has lapsed before anybody looks at it. */
async function storeOf(parts: ApiParts): Promise<ApprovalStore> {
  await lapseApprovals(parts)
  return parts.approvals()
}

function rowOf({ route: name }: HeldAct, rows: Rows): ApiRoute {
  const row = rows.get(name)
  if (row === undefined) throw new Fault('not-found', `${quote(name)} is no act of this version`)
  return row
}
