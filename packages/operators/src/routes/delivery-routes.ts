// Entries of a sender's outbox, and what operators do about them: as `sender outbox` does.
import { amount, Fault } from '@seg/core'
import type { Outbox, OutboxEntry } from '@seg/ledger'
import { type ActObstacle, obstacle } from '../acts/obstacles.ts'
import { Acts, possibleActs } from '../acts/possible-acts.ts'
import { actAs } from '../api/api-act.ts'
import type { ApiParts } from '../api/parts.ts'
import { type ApiRequest, type ApiRoute, route } from '../api/route.ts'
import { Count, DryRun, Expect, exactly, orNull, Time, Type, Why, wordOf } from '../api/schema.ts'

const path = '/api/v1/deliveries'
/** Facts that are read at a time, and entries that one act may change: each is a transaction. */
const PAGE = 500
const MOST_AT_ONCE = 1000
/** Entries are counted up to here. */
const MOST_COUNTED = 10_000

export const DeliveryEntry = exactly({ entry: Type.Integer({ minimum: 1, maximum: 2 ** 48 }) })
const filter = {
  state: wordOf('queued', 'refused', 'expired', 'cancelled'),
  receiver: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: 'The origin of its URL.' })),
} as const
type Filter = { readonly state: string; readonly receiver?: string }

const DeliveryRow = exactly(
  {
    entry: Type.Integer(),
    state: wordOf('queued', 'delivered', 'refused', 'expired', 'cancelled'),
    document: orNull(Type.String()),
    partner: orNull(Type.String({ description: 'The ReceiverID of the document.' })),
    receiver: Type.String(),
    file: Type.String(),
    bytes: Type.Integer(),
    sha256: Type.String(),
    queuedAt: Time,
    expiresAt: Time,
    settledAt: orNull(Time),
    tries: Type.Integer(),
    nextTry: orNull(Time),
    isOnItsWay: Type.Boolean(),
    code: orNull(Type.String()),
    detail: orNull(Type.String()),
    reasonAt: orNull(Time),
    acts: Acts,
  },
  'Delivery',
)

export const deliveryRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/api/v1/receivers',
    permission: 'deliveries.read',
    summary: 'Receivers that documents of the outbox wait for: how many, and since when the oldest is queued.',
    response: exactly({
      data: Type.Array(exactly({ receiver: Type.String(), queued: Type.Integer(), since: Time })),
    }),
    handle: (_request, { desk }) => ({
      data: desk()
        .waiting()
        .map(({ receiver, entries, since }) => ({ receiver, queued: entries, since: new Date(since).toISOString() })),
    }),
  }),
  route({
    method: 'GET',
    path: `${path}/count`,
    permission: 'deliveries.read',
    summary: 'How many entries of the outbox match.',
    query: exactly(filter),
    response: Count,
    handle: async ({ query }, parts) => {
      const { entries, isAll } = await findEntries(parts, query, MOST_COUNTED)
      return { count: entries.length, isExact: isAll }
    },
  }),
  route({
    method: 'GET',
    path: `${path}/:entry`,
    permission: 'deliveries.read',
    summary: 'One entry of the outbox as it is now.',
    params: DeliveryEntry,
    version: versionOf,
    response: DeliveryRow,
    handle: async (request, parts) => rowOf(await entryOf(request.params.entry, await parts.outbox()), request),
  }),
  route({
    method: 'POST',
    path: `${path}/retry`,
    permission: 'deliveries.act',
    act: 'delivery.entries-retried',
    summary: 'Tries all entries that match now, or queues them again, when they are as many as expected.',
    query: DryRun,
    body: exactly({ filter: exactly(filter), expect: Expect, why: Why }),
    response: exactly({
      count: Type.Integer({ description: 'Entries that are to be tried.' }),
      failed: Type.Array(exactly({ entry: Type.Integer(), detail: Type.String() })),
      isDryRun: Type.Boolean(),
    }),
    handle: async (request, parts) => {
      const { filter: wanted, expect, why } = request.body
      const isDryRun = request.query.dryRun === true
      if (isDryRun) return { count: (await entriesAsSeen(parts, wanted, expect)).length, failed: [], isDryRun }
      const on = { kind: 'outbox-entries', id: JSON.stringify({ ...wanted, expect }) }
      const planned = { action: 'delivery.entries-retried', category: 'delivery', on, why } as const
      const failed = await actAs(request, parts, planned, async () =>
        retryEach(await entriesAsSeen(parts, wanted, expect), parts),
      )
      return { count: expect - failed.length, failed, isDryRun }
    },
  }),
  actRoute('retry', 'delivery.entry-retried', 'Tries an entry now; one that is settled is queued again, as another.'),
  actRoute('cancel', 'delivery.entry-cancelled', 'Delivers a queued document no more.'),
]

type DeliveryAct = 'retry' | 'cancel'

function actRoute(act: DeliveryAct, action: string, summary: string): ApiRoute {
  return route({
    method: 'POST',
    path: `${path}/:entry/${act}`,
    permission: 'deliveries.act',
    act: action,
    summary,
    params: DeliveryEntry,
    version: versionOf,
    query: DryRun,
    body: exactly({ why: Why }),
    response: DeliveryRow,
    handle: async (request, parts) => {
      const number = request.params.entry
      const outbox = await parts.outbox()
      const check = async () => {
        const entry = await entryOf(number, outbox)
        const found = findObstacle(act, entry)
        if (found !== undefined) throw new Fault('act-impossible', `cannot ${act} the entry ${number}: ${found.why}`)
        return entry
      }
      if (request.query.dryRun === true) return rowOf(await check(), request)
      const planned = {
        ...{ action, category: 'delivery' as const, why: request.body.why },
        on: { kind: 'outbox-entry', id: `${number}` },
        look: async () => (await outbox.find(number))?.state ?? null,
      }
      const changed = await actAs(request, parts, planned, async () => {
        const entry = await check()
        const now = parts.now().getTime()
        return act === 'retry' ? retry(entry, outbox, now) : possible(() => outbox.cancel(number, now))
      })
      return rowOf(changed, request)
    },
  })
}

async function versionOf({ params }: ApiRequest<{ readonly entry: number }>, parts: ApiParts): Promise<unknown> {
  const { state, tries, nextTry, isHurried, lease } = await entryOf(params.entry, await parts.outbox())
  return [state, tries, nextTry, isHurried, lease !== undefined]
}

/** A settled one gets as much time again as it had. */
function retry({ number, expiresAt, queuedAt }: OutboxEntry, outbox: Outbox, now: number): Promise<OutboxEntry> {
  return possible(() => outbox.retry(number, now, now + expiresAt - queuedAt))
}

/** What the outbox finds too late is no misuse of a command here. */
async function possible<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof Fault && cause.code === 'usage') throw new Fault('act-impossible', cause.detail, { cause })
    throw cause
  }
}

/** Each by itself: one that has moved on meanwhile stops no other. */
async function retryEach(entries: readonly OutboxEntry[], parts: ApiParts) {
  const outbox = await parts.outbox()
  const failed: { entry: number; detail: string }[] = []
  for (const entry of entries) {
    try {
      await retry(entry, outbox, parts.now().getTime())
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'act-impossible') throw error
      failed.push({ entry: entry.number, detail: error.detail })
    }
  }
  return failed
}

/** Throws the Fault `count-changed`: what nobody has seen is not acted on. */
async function entriesAsSeen(parts: ApiParts, wanted: Filter, expect: number): Promise<readonly OutboxEntry[]> {
  if (expect > MOST_AT_ONCE)
    throw new Fault('parameter-invalid', `expected at most ${MOST_AT_ONCE} entries at once, found ${expect}`)
  const { entries, isAll } = await findEntries(parts, wanted, MOST_AT_ONCE)
  if (isAll && entries.length === expect) return entries
  const found = isAll ? `${entries.length}` : `more than ${MOST_AT_ONCE}`
  throw new Fault('count-changed', `expected ${amount(expect, 'entry')}, found ${found}; nothing was done`)
}

/** By the desk, which has an index for it; each entry as the outbox has it now. */
async function findEntries(parts: ApiParts, { state, receiver }: Filter, most: number) {
  const outbox = await parts.outbox()
  const found: OutboxEntry[] = []
  for (let after: number | undefined; ; ) {
    const { facts, next } = parts
      .desk()
      .page({ kind: 'delivery', outcome: state }, { limit: PAGE, ...(after !== undefined && { after }) })
    const numbers = facts.map(({ entry }) => entry).filter(number => number !== undefined)
    // One that was queued again is another entry by now.
    const latest = new Map((await outbox.latestOf(numbers)).map(entry => [entry.number, entry]))
    for (const number of numbers) {
      const entry = latest.get(number)
      if (entry?.state !== state || (receiver !== undefined && entry.receiver !== receiver)) continue
      if (found.length === most) return { entries: found, isAll: false }
      found.push(entry)
    }
    if (next === undefined) return { entries: found, isAll: true }
    after = next
  }
}

/** Throws the Fault `not-found`. */
export async function entryOf(number: number, outbox: Outbox): Promise<OutboxEntry> {
  const entry = await outbox.find(number)
  if (entry === undefined) throw new Fault('not-found', `the outbox has no entry ${number}`)
  return entry
}

function findObstacle(act: DeliveryAct, { state, lease }: OutboxEntry): ActObstacle | undefined {
  if (lease !== undefined) return obstacle('on-its-way')
  if (act === 'retry') return state === 'delivered' ? obstacle('in-state', { state }) : undefined
  return state === 'queued' ? undefined : obstacle('in-state', { state })
}

function rowOf(entry: OutboxEntry, request: Pick<ApiRequest, 'operator'>) {
  const { document, reason, state, lease } = entry
  const timeOf = (time: number | undefined) => (time === undefined ? null : new Date(time).toISOString())
  return {
    ...{ entry: entry.number, state, receiver: entry.receiver, file: entry.file, tries: entry.tries },
    ...{ document: document.id ?? null, partner: document.receiverId ?? null },
    ...{ bytes: document.bytes, sha256: document.sha256 },
    queuedAt: new Date(entry.queuedAt).toISOString(),
    expiresAt: new Date(entry.expiresAt).toISOString(),
    settledAt: timeOf(entry.settledAt),
    nextTry: state === 'queued' ? timeOf(entry.nextTry) : null,
    isOnItsWay: lease !== undefined,
    ...{ code: reason?.code ?? null, detail: reason?.detail ?? null, reasonAt: timeOf(reason?.at) },
    acts: possibleActs(request, 'deliveries.act', {
      retry: findObstacle('retry', entry),
      cancel: findObstacle('cancel', entry),
    }),
  }
}
