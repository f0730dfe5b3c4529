// The front page: one sentence, five numbers, the river, what needs somebody, the log, the latest.
import { gatewayTime } from '../api/gateway-clock.ts'
import { useFacts } from '../api/live.ts'
import { useAsked } from '../api/use-asked.ts'
import type { PageProps } from '../page.ts'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { useCallback, useEffect, useRef } from '../preact.ts'
import { zone } from '../preferences.ts'
import { Latest } from './latest.tsx'
import { LogStrip } from './log-strip.tsx'
import { Needs } from './needs.tsx'
import { Numbers } from './numbers.tsx'
import { River } from './river.tsx'
import { Sentence } from './sentence.tsx'

/** Milliseconds between two counts, however much arrives; and when nothing does. */
const SOONEST = 2000
const LATEST = 30_000

export function NowPage({ query }: PageProps) {
  const from = midnight()
  const counted = useAsked('GET /api/v1/stats/partners', { query: { from } }, { every: LATEST })
  const soon = useThrottled(counted.again, SOONEST)
  useFacts(soon, soon)
  const sum = (...outcomes: readonly string[]) =>
    (counted.answer?.data ?? [])
      .filter(({ kind, outcome }) => ['document', 'refusal'].includes(kind) && outcomes.includes(outcome))
      .reduce((events, row) => events + row.events, 0)
  const today = counted.answer && { accepted: sum('accepted'), refused: sum('refused', 'conflict', 'omitted') }
  return (
    <>
      <Sentence accepted={today?.accepted} />
      {counted.refusal !== undefined && (
        <RefusalNotice refusal={counted.refusal} again={counted.again} since={counted.at} />
      )}
      <Numbers today={today} since={from} />
      <div class="now">
        <River range={query.range} />
        <Needs />
        <LogStrip />
        <Latest />
      </div>
    </>
  )
}

/** Of the day in the zone that times are shown in. */
function midnight(): string {
  const day = new Date(gatewayTime())
  if (zone.value === 'utc') day.setUTCHours(0, 0, 0, 0)
  else day.setHours(0, 0, 0, 0)
  return day.toISOString()
}

/** `call`, once for all that happens in so many milliseconds. */
function useThrottled(call: () => void, milliseconds: number): () => void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  return useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined
      call()
    }, milliseconds)
  }, [call, milliseconds])
}
