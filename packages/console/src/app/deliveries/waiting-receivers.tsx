// What waits, by receiver: how much, since when, and why.
import type { LiveFact } from '../api/live.ts'
import { useAsked } from '../api/use-asked.ts'
import { gatewayState } from '../gateway-state.ts'
import type { Acting } from '../parts/acting.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { useNow } from '../parts/use-now.ts'
import { useEffect } from '../preact.ts'
import { formatAgo, formatCount } from '../texts/formats.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import { deliveryTexts } from './delivery-texts.ts'
import { ManyDeliveries } from './many-deliveries.tsx'

/** The latest that wait; causes are seen in them. */
const SEEN = 200
const EVERY = 10_000

type Cause = { readonly code: string | null; readonly detail: string | null; readonly count: number }
type Waiting = {
  readonly receiver: string
  readonly count: number
  readonly oldest: Date | undefined
  readonly causes: readonly Cause[]
}

export function WaitingReceivers({ turn, acting }: { readonly turn: number; readonly acting: Acting }) {
  const texts = deliveryTexts()
  const now = useNow(EVERY)
  const { answer, refusal, at, again } = useAsked(
    'GET /api/v1/deliveries',
    { query: { outcome: 'queued', limit: SEEN } },
    { every: EVERY },
  )
  useEffect(() => {
    if (turn > 0) again()
  }, [turn, again])
  const groups = answer && groupByReceiver(answer.data)
  return (
    <section aria-labelledby="waiting">
      <h2 id="waiting">{texts.waiting}</h2>
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {groups === undefined && <p class="muted">{sharedTexts().loading}</p>}
      {groups?.length === 0 && <p class="muted">{texts.nothingWaits}</p>}
      <div class="groups">
        {groups?.map(({ receiver, count, oldest, causes }) => (
          <article key={receiver} class="group">
            <h3 class="mono">{receiver}</h3>
            <p>
              <strong class="number">{formatCount(count)}</strong> {sharedTexts().outcomes.queued}
              {oldest !== undefined && ` · ${texts.oldest} ${formatAgo(oldest, now)}`}
            </p>
            <ul class="causes">
              {causes.map(({ code, detail, count: times }) => (
                <li key={`${code} ${detail}`}>
                  <span class="number">{formatCount(times)} ×</span>{' '}
                  {code === null ? texts.firstTry : <a href={`/help/${code}`}>{code}</a>}
                  {detail !== null && <span class="muted"> {detail}</span>}
                </li>
              ))}
            </ul>
            <ManyDeliveries state="queued" receiver={receiver} isAlone acting={acting} turn={turn} />
          </article>
        ))}
      </div>
      {answer?.next != null && <p class="under">{texts.causes(SEEN)}</p>}
    </section>
  )
}

function groupByReceiver(facts: readonly LiveFact[]): readonly Waiting[] {
  const receivers = Object.entries(Object.groupBy(facts, ({ target }) => target ?? ''))
  return receivers
    .map(([receiver, ofReceiver = []]) => {
      const metrics = gatewayState.value.metrics
      const oldest = metrics?.sum('seg_outbox_oldest_timestamp_seconds', { receiver })
      const oldestSeen = ofReceiver.at(-1)?.at
      const causes = Object.values(Object.groupBy(ofReceiver, ({ code, detail }) => `${code} ${detail}`))
      return {
        receiver,
        count: Math.max(metrics?.sum('seg_outbox_entries', { receiver }) ?? 0, ofReceiver.length),
        oldest: oldest === undefined ? oldestSeen && new Date(oldestSeen) : new Date(oldest * 1000),
        causes: causes
          .map((same = []) => ({ code: same[0]!.code, detail: same[0]!.detail, count: same.length }))
          .sort((a, b) => b.count - a.count),
      } as Waiting
    })
    .sort((a, b) => b.count - a.count)
}
