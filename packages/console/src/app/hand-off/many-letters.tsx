// A retry of all open dead letters that match: it names the filter and the number that was counted,
// and never takes more.
import { actOnApi } from '../api/client.ts'
import { useAsked } from '../api/use-asked.ts'
import type { PageProps } from '../page.ts'
import { ActButtons, findRoleObstacle } from '../parts/act-buttons.tsx'
import { type Acting, givenReason } from '../parts/acting.tsx'
import { useEffect } from '../preact.ts'
import { handOffTexts } from './hand-off-texts.ts'

/** That the API takes at once. */
const MOST = 5000
/** Milliseconds between two counts. */
const EVERY = 10_000
const names = ['target', 'partner', 'from', 'to'] as const

type ManyProps = { readonly query: PageProps['query']; readonly acting: Acting; readonly turn: number }

export function ManyLetters({ query, acting, turn }: ManyProps) {
  const texts = handOffTexts()
  const isOfOpen = !query.state || query.state === 'open'
  const filter: Partial<Record<(typeof names)[number], string>> = Object.fromEntries(
    names.flatMap(name => (query[name] ? [[name, query[name]]] : [])),
  )
  const { answer, again } = useAsked(
    'GET /api/v1/dead-letters/count',
    { query: { state: 'open', ...filter } },
    { every: EVERY },
  )
  useEffect(() => {
    if (turn > 0) again()
  }, [turn, again])
  if (answer === undefined || answer.count === 0) return null
  const { count, isExact } = answer
  const words = [
    texts.states.open,
    ...names.flatMap(name => (filter[name] === undefined ? [] : [`${texts[name]} ${filter[name]}`])),
  ].join(', ')
  const obstacle =
    findRoleObstacle('deliveries.act') ??
    (isOfOpen ? (count > MOST || !isExact ? texts.tooMany : undefined) : texts.onlyOpen)
  const begin = () =>
    acting.begin({
      title: texts.manyTitle(count),
      verb: texts.retryMany(count),
      lead: <p>{texts.manyLead(words, count)}</p>,
      perform: async (given, key) => {
        const why = givenReason(given)
        const done = await actOnApi('POST /api/v1/dead-letters/retry', { body: { filter, expect: count, why } }, key)
        return texts.manyDone(done.count)
      },
    })
  return (
    <p>
      <ActButtons acts={[{ verb: texts.retryMany(count), of: words, obstacle, begin }]} />
    </p>
  )
}
