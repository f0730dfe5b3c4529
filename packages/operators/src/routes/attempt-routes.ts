// The attempts of one delivery, as its outbox has them.
import type { Attempt } from '@seg/ledger'
import { linksOf, type Position, readPosition } from '../api/cursors.ts'
import { type ApiRoute, route } from '../api/route.ts'
import { exactly, orNull, pageOf, paging, Time, Type, wordOf } from '../api/schema.ts'
import { DeliveryEntry, entryOf } from './delivery-routes.ts'

const AttemptRow = exactly(
  {
    attempt: Type.Integer({ description: 'Its number: from 1, for each entry.' }),
    startedAt: Time,
    duration: Type.Number({ description: 'Milliseconds.' }),
    outcome: wordOf('postponed', 'delivered', 'refused', 'expired'),
    code: orNull(Type.String()),
    detail: orNull(Type.String({ description: 'What was found, or what the receiver said; bounded.' })),
    status: orNull(Type.Integer({ description: 'Of HTTP, of the answer that decided.' })),
    address: orNull(Type.String({ description: 'Of the receiver, if a connection stood.' })),
    request: orNull(Type.String({ description: 'The id of the request at the receiver: urn:uuid:…' })),
  },
  'Attempt',
)

export const attemptRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/api/v1/deliveries/:entry/attempts',
    permission: 'deliveries.read',
    summary: 'Attempts of an entry of the outbox: the first and the latest 99, and how many are not recorded.',
    params: DeliveryEntry,
    query: exactly(paging),
    response: exactly({
      ...pageOf(AttemptRow).properties,
      tries: Type.Integer({ description: 'Attempts of this entry, recorded or not.' }),
      notRecorded: Type.Integer({ description: 'Those of them that have no row.' }),
    }),
    handle: async ({ params: { entry }, query }, parts) => {
      const outbox = await parts.outbox()
      const { tries } = await entryOf(entry, outbox)
      const attempts = await outbox.attempts(entry)
      const path = `/api/v1/deliveries/${entry}/attempts`
      const page = takePage(attempts, readPosition(path, query))
      return {
        data: page.attempts.map(rowOf),
        ...linksOf(path, query, page),
        ...{ tries, notRecorded: Math.max(0, tries - attempts.length) },
      }
    },
  }),
]

function takePage(all: readonly Attempt[], position: Position) {
  const attempts = 'before' in position ? newerOf(all, position) : olderOf(all, position)
  const [first, last] = [attempts[0]?.number, attempts.at(-1)?.number]
  return {
    attempts,
    next: last === all.at(-1)?.number ? undefined : last,
    prev: first === all[0]?.number ? undefined : first,
  }
}

function newerOf(all: readonly Attempt[], { before, limit }: { readonly before: number; readonly limit: number }) {
  return all.filter(({ number }) => number > before).slice(-limit)
}

function olderOf(all: readonly Attempt[], { after, limit }: { readonly after?: number; readonly limit: number }) {
  return all.filter(({ number }) => after === undefined || number < after).slice(0, limit)
}

function rowOf({ number, startedAt, code, detail, status, address, request, ...attempt }: Attempt) {
  return {
    ...{ attempt: number, startedAt: new Date(startedAt).toISOString(), ...attempt },
    ...{ code: code ?? null, detail: detail ?? null, status: status ?? null },
    ...{ address: address ?? null, request: request ?? null },
  }
}
