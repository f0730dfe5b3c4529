// Who may log in: sessions in force and API keys, to be listed, made and ended.
import { Fault, quote } from '@seg/core'
import { describeKey, stateOf } from '../access/access-commands.ts'
import { isRole } from '../access/roles.ts'
import { actAs } from '../api/api-act.ts'
import { operatorOf, route } from '../api/route.ts'
import { exactly, orNull, Time, Type } from '../api/schema.ts'

const DAY = 24 * 60 * 60 * 1000
const Id = exactly({ id: Type.String({ pattern: '^[0-9a-f]{1,20}$' }) })
const Ended = exactly({ id: Type.String(), revoked: Type.Boolean() })

const Key = exactly({
  id: Type.String(),
  name: Type.String(),
  role: Type.String(),
  state: Type.String(),
  madeBy: Type.String(),
  madeAt: Time,
  expiresAt: Time,
  usedAt: orNull(Time),
  revokedAt: orNull(Time),
  suspendedWhy: orNull(Type.String({ description: 'Why it does not count for the time being.' })),
})

const Session = exactly({
  id: Type.String(),
  actor: Type.String(),
  role: Type.String(),
  method: Type.String(),
  address: Type.String(),
  madeAt: Time,
  seenAt: Time,
  expiresAt: Time,
})

export const accessRoutes = [
  route({
    method: 'GET',
    path: '/api/v1/sessions',
    permission: 'access.read',
    summary: 'All sessions in force.',
    response: exactly({ data: Type.Array(Session) }),
    handle: (_request, { access, now }) => ({
      data: access.sessions(now()).map(({ madeAt, seenAt, endsAt, credential: _id, ...session }) => ({
        ...session,
        madeAt: new Date(madeAt).toISOString(),
        seenAt: new Date(seenAt).toISOString(),
        expiresAt: new Date(endsAt).toISOString(),
      })),
    }),
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/sessions/:id',
    permission: 'access.act',
    act: 'authentication.session-revoked',
    summary: 'Ends a session at once.',
    params: Id,
    response: Ended,
    handle: async (request, parts) => {
      const { id } = request.params
      const on = { kind: 'session', id }
      const planned = { action: 'authentication.session-revoked', category: 'authentication', on } as const
      await actAs(request, parts, planned, async () => parts.access.revokeSession(id, parts.now()))
      return { id, revoked: true }
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/api-keys',
    permission: 'access.read',
    summary: 'All API keys, without their secrets.',
    response: exactly({ data: Type.Array(Key) }),
    handle: (_request, { access, now }) => ({
      data: access.keys().map(key => ({ ...describeKey(key), state: stateOf(key, now()) })),
    }),
  }),
  route({
    method: 'POST',
    path: '/api/v1/api-keys',
    permission: 'access.act',
    needsApproval: true,
    act: 'authorization.api-key-made',
    summary: 'Makes an API key, which this answer alone shows.',
    body: exactly({
      name: Type.String({ minLength: 1, maxLength: 100 }),
      role: Type.String(),
      days: Type.Integer({ minimum: 1, maximum: 366 }),
    }),
    response: exactly({ id: Type.String(), key: Type.String(), expiresAt: Time }),
    handle: async (request, parts) => {
      const { name, role, days } = request.body
      if (!isRole(role)) throw new Fault('parameter-invalid', `expected a role, found ${quote(role)}`)
      const planned = {
        action: 'authorization.api-key-made',
        category: 'authorization',
        on: { kind: 'api-key', id: name },
      } as const
      const at = parts.now()
      const endsAt = at.getTime() + days * DAY
      const operator = operatorOf(request)
      const behind = parts.access.personsBehind(operator)
      const approvedBy = request.approval?.by
      const approver = approvedBy?.method === 'certificate' ? [approvedBy.id] : []
      const recorded = [...parts.access.recordedBehind(operator), ...approver]
      const of = { madeBy: operator.id, approvedBy: approvedBy?.id, behind, recorded }
      const made = await actAs(request, parts, planned, async () =>
        parts.access.addKey({ name, role, ...of, endsAt }, at),
      )
      return { id: made.id, key: made.text, expiresAt: new Date(endsAt).toISOString() }
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/api-keys/:id',
    permission: 'access.act',
    act: 'authorization.api-key-revoked',
    summary: 'Revokes an API key at once.',
    params: Id,
    response: Ended,
    handle: async (request, parts) => {
      const { id } = request.params
      const on = { kind: 'api-key', id }
      const planned = { action: 'authorization.api-key-revoked', category: 'authorization', on } as const
      await actAs(request, parts, planned, async () => parts.access.revokeKey(id, parts.now()))
      return { id, revoked: true }
    },
  }),
]
