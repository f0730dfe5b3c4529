// An act on all deliveries that match: it names the filter and the number that was counted, and
// never takes more.
import { actOnApi } from '../api/client.ts'
import { useAsked } from '../api/use-asked.ts'
import { ActButtons, findRoleObstacle } from '../parts/act-buttons.tsx'
import { type Acting, givenReason } from '../parts/acting.tsx'
import { useEffect } from '../preact.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import { deliveryTexts } from './delivery-texts.ts'

/** That the API takes at once. */
const MOST = 1000
/** Milliseconds between two counts. */
const EVERY = 10_000

type ManyProps = {
  /** Undefined: of every state, which nobody can mean. */
  readonly state: string | undefined
  readonly receiver?: string
  /** No other filter is set. */
  readonly isAlone: boolean
  readonly acting: Acting
  readonly turn: number
}

export function ManyDeliveries({ state, receiver, isAlone, acting, turn }: ManyProps) {
  const texts = deliveryTexts()
  const isWanted = Boolean(state) && state !== 'delivered' && isAlone
  const filter = { state: state ?? '', ...(receiver !== undefined && { receiver }) }
  const { answer, again } = useAsked('GET /api/v1/deliveries/count', { query: filter }, { every: EVERY, isWanted })
  useEffect(() => {
    if (turn > 0) again()
  }, [turn, again])
  if (!state || (isWanted && (answer === undefined || answer.count === 0))) return null
  const { count, isExact } = answer ?? { count: 0, isExact: true }
  const words = [sharedTexts().outcomes[state] ?? state, receiver].filter(word => word !== undefined).join(', ')
  const obstacle =
    findRoleObstacle('deliveries.act') ??
    (state === 'delivered'
      ? texts.delivered
      : isAlone
        ? count > MOST || !isExact
          ? texts.tooMany
          : undefined
        : texts.otherFilters)
  const begin = () =>
    acting.begin({
      title: texts.manyTitle(count),
      verb: texts.retryMany(count, isExact),
      lead: <p>{texts.manyLead(words, count)}</p>,
      perform: async (given, key) => {
        const why = givenReason(given)
        const done = await actOnApi('POST /api/v1/deliveries/retry', { body: { filter, expect: count, why } }, key)
        return texts.manyDone(done.count, done.failed.length)
      },
    })
  const verb = isWanted ? texts.retryMany(count, isExact) : texts.retry
  return (
    <p>
      <ActButtons acts={[{ verb, of: words, obstacle, begin }]} />
    </p>
  )
}
