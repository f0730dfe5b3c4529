// Dead letters: accepted documents that a target of the hand-off did not take, and what operators
// decide of them.
import { Fault } from '@seg/core'
import { obstacle } from '../acts/obstacles.ts'
import { Acts, possibleActs } from '../acts/possible-acts.ts'
import { actAs } from '../api/api-act.ts'
import { linksOf, readPosition } from '../api/cursors.ts'
import type { ApiParts } from '../api/parts.ts'
import { type ApiRequest, type ApiRoute, operatorOf, route } from '../api/route.ts'
import { Count, DryRun, Expect, exactly, orNull, pageOf, paging, Time, Type, Why, wordOf } from '../api/schema.ts'
import {
  allLetters,
  countLetters,
  type Letter,
  type LetterFilter,
  type LetterSource,
  lettersAt,
  pageOfLetters,
} from '../dead-letters/letter-search.ts'
import { findLetterObstacle, type LetterAct } from '../dead-letters/letter-store.ts'
import { factRow, KeptFactRow } from './fact-lists.ts'

const path = '/api/v1/dead-letters'
/** The latest tries that are shown of one document. */
const SHOWN_TRIES = 50

const State = wordOf('open', 'retrying', 'taken', 'discarded')
const Name = Type.String({ minLength: 1, maxLength: 256 })
const filter = {
  state: Type.Optional(State),
  target: Type.Optional(Name),
  partner: Type.Optional(Name),
  from: Type.Optional(Time),
  to: Type.Optional(Time),
} as const
const Index = exactly({ index: Type.Integer({ minimum: 0, maximum: 2 ** 48 }) })

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
    state: State,
    decidedBy: orNull(Type.String()),
    decidedAt: orNull(Time),
    decidedWhy: orNull(Type.String()),
    retries: Type.Integer(),
    retriedAt: orNull(Time),
    retryReason: orNull(Type.String({ description: 'Why the latest retry was not taken.' })),
    acts: Acts,
  },
  'DeadLetter',
)

const Decided = exactly({ data: Type.Array(DeadLetterRow), isDryRun: Type.Boolean() })
const BulkDecided = exactly({ count: Type.Integer(), isDryRun: Type.Boolean() })

export const deadLetterRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path,
    permission: 'deliveries.read',
    summary: 'Documents that a target did not take, the latest first.',
    query: exactly({ ...filter, ...paging }),
    response: pageOf(DeadLetterRow),
    handle: async (request, parts) => {
      const { query } = request
      const { letters, ...beside } = await pageOfLetters(await sourceOf(parts), query, readPosition(path, query))
      return { data: await rowsOf(letters, request, parts), ...linksOf(path, query, beside) }
    },
  }),
  route({
    method: 'GET',
    path: `${path}/count`,
    permission: 'deliveries.read',
    summary: 'How many dead letters match.',
    query: exactly(filter),
    response: Count,
    handle: async ({ query }, parts) => countLetters(await sourceOf(parts), query),
  }),
  route({
    method: 'GET',
    path: `${path}/:index`,
    permission: 'deliveries.read',
    summary: 'One document, why each target did not take it, what was decided, and its latest tries.',
    params: Index,
    version: versionOf,
    response: exactly({ data: Type.Array(DeadLetterRow), tries: Type.Array(KeptFactRow) }),
    handle: async (request, parts) => {
      const letters = await lettersAt(await sourceOf(parts), request.params.index)
      const { sender: partner, id: document } = letters[0]!.document
      const { facts } = parts.desk().page({ kind: 'hand-off', partner, document }, { limit: SHOWN_TRIES })
      return { data: await rowsOf(letters, request, parts), tries: facts.map(factRow) }
    },
  }),
  route({
    method: 'POST',
    path: `${path}/retry`,
    permission: 'deliveries.act',
    act: 'delivery.dead-letters-retried',
    summary: 'Hands all open dead letters that match to their targets once more, when they are as many as expected.',
    query: DryRun,
    body: exactly({
      filter: exactly({ target: filter.target, partner: filter.partner, from: filter.from, to: filter.to }),
      expect: Expect,
      why: Why,
    }),
    response: BulkDecided,
    handle: async (request, parts) => {
      const { filter: given, expect, why } = request.body
      const wanted = { ...given, state: 'open' }
      const isDryRun = request.query.dryRun === true
      const seen = async () => lettersAsSeen(await sourceOf(parts), wanted, expect)
      if (isDryRun) return { count: (await seen()).length, isDryRun }
      const planned = {
        action: 'delivery.dead-letters-retried',
        category: 'delivery',
        on: { kind: 'dead-letters', id: JSON.stringify({ ...wanted, expect }) },
        why,
      } as const
      await actAs(request, parts, planned, async () => decide('retry', await seen(), request, parts))
      return { count: expect, isDryRun }
    },
  }),
  actRoute('retry', 'delivery.dead-letter-retried', 'Hands a document to its target once more.'),
  actRoute('discard', 'delivery.dead-letter-discarded', 'Nobody has to act on it any more; the document stays kept.'),
]

function actRoute(act: LetterAct, action: string, summary: string): ApiRoute {
  return route({
    method: 'POST',
    path: `${path}/:index/${act}`,
    permission: 'deliveries.act',
    act: action,
    summary,
    params: Index,
    version: versionOf,
    query: DryRun,
    body: exactly({ why: Why }),
    response: Decided,
    handle: async (request, parts) => {
      const { index } = request.params
      const source = await sourceOf(parts)
      const isDryRun = request.query.dryRun === true
      const statesOf = async () => {
        const letters = await lettersAt(source, index).catch(() => [])
        return Object.fromEntries(letters.map(({ target, state }) => [target, state]))
      }
      const planned = {
        ...{ action, category: 'delivery' as const, why: request.body.why },
        on: { kind: 'dead-letter', id: `${index}` },
        look: statesOf,
      }
      const check = async () => {
        const letters = await lettersAt(source, index)
        for (const { state } of letters) {
          const found = findLetterObstacle(act, state)
          if (found !== undefined)
            throw new Fault('act-impossible', `cannot ${act} the dead letter ${index}: ${found.why}`)
        }
        return letters
      }
      if (isDryRun) await check()
      else await actAs(request, parts, planned, async () => decide(act, await check(), request, parts))
      return { data: await rowsOf(await lettersAt(source, index), request, parts), isDryRun }
    },
  })
}

async function versionOf({ params }: ApiRequest<{ readonly index: number }>, parts: ApiParts): Promise<unknown> {
  const letters = await lettersAt(await sourceOf(parts), params.index)
  return letters.map(({ target, decision }) => [target, decision ?? null])
}

async function decide(
  act: LetterAct,
  letters: readonly Letter[],
  request: ApiRequest<unknown, unknown, { readonly why: string }>,
  parts: ApiParts,
): Promise<void> {
  const by = { by: operatorOf(request).id, why: request.body.why, at: parts.now().getTime() }
  const store = await parts.letters()
  store.decide(act, letters, by)
}

/** Throws the Fault `count-changed`: what nobody has seen is not acted on. */
async function lettersAsSeen(source: LetterSource, wanted: LetterFilter, expect: number): Promise<Letter[]> {
  const letters = await allLetters(source, wanted)
  if (letters.length === expect) return letters
  throw new Fault('count-changed', `expected ${expect} dead letters, found ${letters.length}; nothing was done`)
}

async function sourceOf({ ledger, letters }: ApiParts): Promise<LetterSource> {
  return { ledger: ledger(), decisions: await letters() }
}

async function rowsOf(letters: readonly Letter[], request: Pick<ApiRequest, 'operator'>, { ask }: ApiParts) {
  const targets = letters.length === 0 ? [] : await ask('targets')
  return letters.map(letter => {
    const { document, decision, state, target } = letter
    const { sender: partner, id, bytes, sha256, acceptedAt } = document
    const off = targets.includes(target) ? undefined : obstacle('no-target', { target })
    return {
      ...{ index: letter.index, target, partner, document: id, bytes, sha256, acceptedAt },
      ...{ at: letter.at, reason: letter.reason, state },
      decidedBy: decision?.by ?? null,
      decidedAt: decision === undefined ? null : new Date(decision.at).toISOString(),
      decidedWhy: decision?.why ?? null,
      retries: decision?.tries ?? 0,
      retriedAt: decision?.triedAt === undefined ? null : new Date(decision.triedAt).toISOString(),
      retryReason: decision?.reason ?? null,
      acts: possibleActs(request, 'deliveries.act', {
        retry: findLetterObstacle('retry', state) ?? off,
        discard: findLetterObstacle('discard', state),
      }),
    }
  })
}
