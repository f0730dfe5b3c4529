// The documents of a span of time, up to 600 one by one, else counted by steps; new ones as they
// happen.
import { type AnswerOf, askApi } from '../api/client.ts'
import { clockCorrection, gatewayTime } from '../api/gateway-clock.ts'
import { type LiveFact, useFacts } from '../api/live.ts'
import { useAsked } from '../api/use-asked.ts'
import { useCallback, useEffect, useState } from '../preact.ts'

export const MINUTE = 60_000
/** Minutes of each range, and of its steps. */
export const riverRanges = {
  '5m': { length: 5, step: 1 },
  '1h': { length: 60, step: 1 },
  '24h': { length: 1440, step: 10 },
  '7d': { length: 10_080, step: 60 },
} as const
export type RiverRange = keyof typeof riverRanges

export type RiverBar = { readonly at: number; readonly accepted: number; readonly refused: number }
export type RiverData = {
  /** Each document, the oldest first; undefined where there are too many for that. */
  readonly ticks: readonly LiveFact[] | undefined
  readonly bars: readonly RiverBar[]
}

const MOST = 600
const PAGE = 200
const kinds: readonly string[] = ['document', 'refusal', 'delivery']
const lists = ['GET /api/v1/documents', 'GET /api/v1/refusals', 'GET /api/v1/deliveries'] as const

export function useRiver(range: RiverRange): RiverData {
  const { length, step } = riverRanges[range]
  const [ticks, setTicks] = useState<readonly LiveFact[] | undefined>([])
  const isShort = length <= 60

  const load = useCallback(() => {
    if (!isShort) return setTicks(undefined)
    const from = new Date(gatewayTime() - length * MINUTE).toISOString()
    Promise.all(lists.map(list => collect(list, from)))
      .then(found => {
        const facts = found.every(part => part !== undefined) ? found.flat() : undefined
        setTicks(facts === undefined || facts.length > MOST ? undefined : sortFacts(facts))
      })
      // The front page says by itself what cannot be loaded.
      .catch(() => {})
  }, [isShort, length, clockCorrection()])
  useEffect(load, [load])

  useFacts(facts => {
    if (ticks === undefined) return
    const known = new Set(ticks.map(({ id }) => id))
    const fresh = facts.filter(({ kind, id }) => kinds.includes(kind) && !known.has(id))
    if (fresh.length === 0) return
    const oldest = gatewayTime() - length * MINUTE
    const next = [...ticks.filter(({ at }) => Date.parse(at) >= oldest), ...fresh]
    setTicks(next.length > MOST ? undefined : sortFacts(next))
  }, load)

  // Whole steps, so that the question is the same one until the next step.
  const since = Math.floor((gatewayTime() - length * MINUTE) / (step * MINUTE)) * step * MINUTE
  const { answer } = useAsked(
    'GET /api/v1/stats',
    { query: { from: new Date(since).toISOString(), step } },
    { every: MINUTE / 4, isWanted: ticks === undefined },
  )
  return { ticks, bars: ticks === undefined ? readBars(answer) : countTicks(ticks) }
}

/** Undefined for more than are shown one by one. */
async function collect(list: (typeof lists)[number], from: string): Promise<readonly LiveFact[] | undefined> {
  const found: LiveFact[] = []
  let after: string | undefined
  do {
    const { data, next } = await askApi(list, { query: { from, limit: PAGE, after } })
    found.push(...data)
    after = next === null ? undefined : (new URL(next, location.origin).searchParams.get('after') ?? undefined)
    if (found.length > MOST) return undefined
  } while (after !== undefined)
  return found
}

function sortFacts(facts: readonly LiveFact[]): LiveFact[] {
  return facts.toSorted((a, b) => Number(a.id) - Number(b.id))
}

export function isRefusedFact({ kind, outcome }: Pick<LiveFact, 'kind' | 'outcome'>): boolean {
  return kind === 'refusal' || ['refused', 'conflict', 'omitted', 'failed', 'expired'].includes(outcome)
}

function countTicks(ticks: readonly LiveFact[]): RiverBar[] {
  return gather(
    ticks.map(fact => ({
      at: Math.floor(Date.parse(fact.at) / MINUTE) * MINUTE,
      isRefused: isRefusedFact(fact),
      events: fact.count ?? 1,
    })),
  )
}

export function readBars(answer: AnswerOf<'GET /api/v1/stats'> | undefined): RiverBar[] {
  return gather(
    (answer?.data ?? [])
      .filter(({ kind }) => kinds.includes(kind))
      .map(row => ({ at: Date.parse(row.at), isRefused: isRefusedFact(row), events: row.events })),
  )
}

function gather(rows: readonly { readonly at: number; readonly isRefused: boolean; readonly events: number }[]) {
  const bars = new Map<number, { at: number; accepted: number; refused: number }>()
  for (const { at, isRefused, events } of rows) {
    const bar = bars.get(at) ?? { at, accepted: 0, refused: 0 }
    bar[isRefused ? 'refused' : 'accepted'] += events
    bars.set(at, bar)
  }
  return [...bars.values()].sort((a, b) => a.at - b.at)
}
