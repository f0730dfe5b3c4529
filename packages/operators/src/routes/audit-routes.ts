// The audit trail: who did what, when, from where and why.
import { Fault } from '@seg/core'
import { linksOf, readPosition } from '../api/cursors.ts'
import { route } from '../api/route.ts'
import { exactly, orNull, pageOf, paging, Type } from '../api/schema.ts'
import type { KeptRecord } from '../audit/audit-trail.ts'

const path = '/api/v1/audit'

const Row = exactly({
  number: Type.Integer(),
  digest: Type.String(),
  leaf: orNull(Type.Integer({ description: 'Its entry of the log, once it has one.' })),
  record: Type.Object({}, { additionalProperties: true, description: 'docs/audit.md.' }),
})

export const auditRoutes = [
  route({
    method: 'GET',
    path,
    permission: 'audit.read',
    summary: 'Records of the audit trail, the newest first.',
    query: exactly(paging),
    response: pageOf(Row),
    handle: ({ query }, { audit }) => {
      const position = readPosition(path, query)
      const { limit } = position
      const newest = audit.newest
      const top =
        'before' in position
          ? Math.min(newest + 1, position.before + 1 + limit)
          : Math.min(newest + 1, position.after ?? newest + 1)
      const bottom = Math.max('before' in position ? position.before + 1 : 1, top - limit)
      const records = audit.after(bottom - 1, top - bottom).filter(({ number }) => number < top)
      const data = records.reverse().map(rowOf)
      const next = bottom > 1 ? bottom : undefined
      return { data, ...linksOf(path, query, { next, prev: top <= newest ? top - 1 : undefined }) }
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

function rowOf({ number, digest, leaf, text }: KeptRecord) {
  return { number, digest, leaf: leaf ?? null, record: JSON.parse(text) as Record<string, never> }
}
