// The audit trail: who did what, when, from where and why.
import { Fault } from '@seg/core'
import { linksOf, readPosition } from '../api/cursors.ts'
import { route } from '../api/route.ts'
import { exactly, orNull, pageOf, paging, Time, Type, wordOf } from '../api/schema.ts'
import type { KeptRecord } from '../audit/audit-trail.ts'
import { searchRecords } from '../audit/search-records.ts'

const path = '/api/v1/audit'

const Row = exactly({
  number: Type.Integer(),
  digest: Type.String(),
  leaf: orNull(Type.Integer({ description: 'Its entry of the log, once it has one.' })),
  record: Type.Object({}, { additionalProperties: true, description: 'docs/audit.md.' }),
})

const Text = Type.Optional(Type.String({ minLength: 1, maxLength: 256 }))
const filters = {
  action: Type.Optional(
    Type.String({ pattern: '^[a-z0-9.-]{1,80}$', description: 'Of the act, or how its name begins.' }),
  ),
  who: Text,
  on: Type.Optional(Type.String({ minLength: 1, maxLength: 512, description: 'Id of what it was done to.' })),
  outcome: Type.Optional(wordOf('pending', 'success', 'failure')),
  from: Type.Optional(Time),
  to: Type.Optional(Time),
}

export const auditRoutes = [
  route({
    method: 'GET',
    path,
    permission: 'audit.read',
    summary: 'Records of the audit trail, the newest first; with filters, of the next 20000 those that match.',
    query: exactly({ ...filters, ...paging }),
    response: pageOf(Row),
    handle: ({ query }, { audit }) => {
      const { limit: _limit, after: _after, before: _before, from, to, ...given } = query
      const filter = { ...given, from: inUtc(from), to: inUtc(to) }
      const { records, next, prev } = searchRecords(audit, filter, readPosition(path, query))
      return { data: records.map(rowOf), ...linksOf(path, query, { next, prev }) }
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/audit/:record',
    permission: 'audit.read',
    summary: 'One record, by its number or id.',
    params: exactly({ record: Type.String({ pattern: '^(\\d{1,15}|[0-9a-f-]{36})$' }) }),
    response: Row,
    handle: ({ params: { record } }, { audit }) => {
      const found = audit.find(record)
      if (found === undefined) throw new Fault('not-found', `the audit trail has no record ${record}`)
      return rowOf(found)
    },
  }),
]

/** As records have it. */
function inUtc(time: string | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString()
}

function rowOf({ number, digest, leaf, text }: KeptRecord) {
  return { number, digest, leaf: leaf ?? null, record: JSON.parse(text) as Record<string, never> }
}
