// Dead letters: accepted documents that a target of the hand-off did not take.
import { Fault } from '@seg/core'
import type { DeadLetter } from '@seg/ledger'
import { linksOf, type Position, readPosition } from '../api/cursors.ts'
import { type ApiRoute, route } from '../api/route.ts'
import { exactly, pageOf, paging, Time, Type } from '../api/schema.ts'
import { factRow, KeptFactRow } from './fact-lists.ts'

const path = '/api/v1/dead-letters'
/** The latest tries that are shown of one document. */
const SHOWN_TRIES = 50

const DeadLetterRow = exactly(
  {
    index: Type.Integer({ description: 'Of the document in the log.' }),
    target: Type.String({ description: 'Such as webhook.' }),
    partner: Type.String(),
    document: Type.String(),
    bytes: Type.Integer(),
    sha256: Type.String(),
    acceptedAt: Time,
    at: Time,
    reason: Type.String(),
  },
  'DeadLetter',
)

export const deadLetterRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path,
    permission: 'deliveries.read',
    summary: 'Documents that a target did not take, the latest first.',
    query: exactly(paging),
    response: pageOf(DeadLetterRow),
    handle: async ({ query }, { ledger }) => {
      const position = readPosition(path, query)
      const found = await ledger().deadLetterPage(position.limit + 1, placeOf(position))
      const { data, ...beside } = cut(found, position)
      return { data: data.map(deadLetterRow), ...linksOf(path, query, beside) }
    },
  }),
  route({
    method: 'GET',
    path: `${path}/:index`,
    permission: 'deliveries.read',
    summary: 'One document, why each target did not take it, and its latest tries.',
    params: exactly({ index: Type.Integer({ minimum: 0, maximum: 2 ** 48 }) }),
    response: exactly({ data: Type.Array(DeadLetterRow), tries: Type.Array(KeptFactRow) }),
    handle: async ({ params: { index } }, { ledger, desk }) => {
      const letters = await ledger().deadLetterPage(1, { below: index + 1 })
      const [latest] = letters
      if (latest?.document.index !== index) throw new Fault('not-found', `no dead letter has the index ${index}`)
      const { sender: partner, id: document } = latest.document
      const { facts } = desk().page({ kind: 'hand-off', partner, document }, { limit: SHOWN_TRIES })
      return { data: letters.map(deadLetterRow), tries: facts.map(factRow) }
    },
  }),
]

function placeOf(position: Position) {
  if ('before' in position) return { above: position.before }
  return { below: position.after ?? Number.MAX_SAFE_INTEGER }
}

/** Without the one document more that shows whether there is another page. */
function cut(found: readonly DeadLetter[], position: Position) {
  const indexes = [...new Set(found.map(({ document }) => document.index))]
  const isMore = indexes.length > position.limit
  const isBack = 'before' in position
  const surplus = isMore ? indexes.at(isBack ? 0 : -1) : undefined
  const data = found.filter(({ document }) => document.index !== surplus)
  const [first, last] = [data[0]?.document.index, data.at(-1)?.document.index]
  if (isBack) return { data, next: last, prev: isMore ? first : undefined }
  return { data, next: isMore ? last : undefined, prev: position.after === undefined ? undefined : first }
}

function deadLetterRow({ cursor, document: { sender, id, index, bytes, sha256, acceptedAt }, at, reason }: DeadLetter) {
  // A cursor is named by its target and sender.
  const [target = cursor] = cursor.split(' ', 1)
  return { index, target, partner: sender, document: id, bytes, sha256, acceptedAt, at, reason }
}
