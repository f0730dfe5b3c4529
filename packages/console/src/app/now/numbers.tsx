// Five numbers, each the way to what is behind it; below each a quarter of an hour, and whether it
// is calm.
import { gatewayTime } from '../api/gateway-clock.ts'
import { useAsked } from '../api/use-asked.ts'
import { usesInWords } from '../certificates/certificate-texts.ts'
import { gatewayState } from '../gateway-state.ts'
import { Sparkline } from '../parts/sparkline.tsx'
import type { ComponentChildren } from '../preact.ts'
import { effect } from '../preact.ts'
import { formatAgo, formatCount, formatShare } from '../texts/formats.ts'
import { nowTexts } from './now-texts.ts'

const MINUTE = 60_000
const YEAR = 365 * 24 * 60 * MINUTE
const QUARTER = 15

/** What was seen of gauges, which the gateway keeps no history of: a quarter of an hour. */
const seen = { toSend: [] as number[], toHandOn: [] as number[] }
effect(() => {
  const { metrics } = gatewayState.value
  if (metrics === undefined) return
  for (const [name, value] of [
    ['toSend', metrics.sum('seg_outbox_entries')],
    ['toHandOn', metrics.sum('seg_handoff_waiting_senders')],
  ] as const) {
    seen[name].push(value ?? 0)
    if (seen[name].length > 4 * QUARTER) seen[name].shift()
  }
})

type NumbersProps = {
  readonly today: { readonly accepted: number; readonly refused: number } | undefined
  readonly since: string
}

export function Numbers({ today, since }: NumbersProps) {
  const texts = nowTexts()
  const { metrics, due, next } = gatewayState.value
  const { answer } = useAsked('GET /api/v1/stats', { query: {} }, { every: MINUTE / 2 })
  const minutes = (outcomes: readonly string[]) => {
    const counts = Array.from({ length: QUARTER }, () => 0)
    const end = answer === undefined ? 0 : Date.parse(answer.to)
    for (const { at, kind, outcome, events } of answer?.data ?? []) {
      const ago = Math.floor((end - Date.parse(at)) / MINUTE)
      if (['document', 'refusal'].includes(kind) && outcomes.includes(outcome) && ago < QUARTER)
        counts[QUARTER - 1 - ago]! += events
    }
    return counts
  }
  const toSend = metrics?.sum('seg_outbox_entries')
  const toHandOn = metrics?.sum('seg_handoff_waiting_senders') ?? 0
  const letters = metrics?.sum('seg_dead_letters') ?? 0
  const total = (today?.accepted ?? 0) + (today?.refused ?? 0)
  return (
    <section class="numbers" aria-label={texts.numbers}>
      <NumberCell
        href={`/documents?from=${since}`}
        value={today?.accepted}
        label={texts.accepted}
        line={<Sparkline values={minutes(['accepted'])} />}
        calm={texts.noFailures}
      />
      <NumberCell
        href={`/documents/refused?from=${since}`}
        value={today?.refused}
        label={texts.refused}
        line={<Sparkline values={minutes(['refused', 'conflict', 'omitted'])} kind="refused" />}
        calm={texts.noFailures}
        trouble={
          today && today.refused > 0 ? texts.share(today.refused, formatShare(today.refused / total)) : undefined
        }
      />
      <NumberCell
        href="/deliveries"
        value={toSend ?? 0}
        label={texts.toSend}
        line={<Sparkline values={seen.toSend} kind="waiting" />}
        calm={toSend === undefined ? texts.noOutbox : describeOutbox(toSend)}
      />
      <NumberCell
        href="/hand-off"
        value={toHandOn}
        label={texts.toHandOn}
        line={<Sparkline values={seen.toHandOn} kind="waiting" />}
        calm={toHandOn === 0 ? texts.nothingWaits : texts.waits(toHandOn)}
        trouble={letters > 0 ? texts.letters(letters) : undefined}
      />
      <NumberCell
        href="/certificates"
        value={due.length}
        label={texts.due}
        line={<Ends />}
        calm={next === undefined ? texts.noFailures : texts.nextDue(usesInWords(next.uses), next.daysLeft)}
        trouble={due.length > 0 && next ? texts.nextDue(usesInWords(next.uses), next.daysLeft) : undefined}
      />
    </section>
  )
}

/** How long the oldest waits says more than their number. */
function describeOutbox(entries: number): string {
  const texts = nowTexts()
  const oldest = gatewayState.value.metrics
    ?.series('seg_outbox_oldest_timestamp_seconds')
    .reduce((least, { value }) => Math.min(least, value), Number.POSITIVE_INFINITY)
  if (entries === 0) return texts.nothingWaits
  if (oldest === undefined || !Number.isFinite(oldest)) return texts.waits(entries)
  return texts.oldest(formatAgo(new Date(oldest * 1000), new Date(gatewayTime())))
}

/** When certificates end, over twelve months: a quarter of an hour would show nothing of them. */
function Ends() {
  const { ends } = gatewayState.value
  const now = gatewayTime()
  return (
    <svg class="sparkline" viewBox="0 0 100 28" preserveAspectRatio="none" aria-hidden="true">
      <path class="base" d="M0 26.5H100" />
      {ends
        .filter(({ at }) => at < now + YEAR)
        .map(({ at, isDue }, i) => {
          const x = 1 + Math.max(0, ((at - now) / YEAR) * 98)
          return <line key={i} class={isDue ? 'end due' : 'end'} x1={x} x2={x} y1={isDue ? 4 : 14} y2={26} />
        })}
    </svg>
  )
}

type CellProps = {
  readonly href: string
  readonly value: number | undefined
  readonly label: string
  readonly line: ComponentChildren
  /** What stands there where nothing is wrong, and what stands there otherwise. */
  readonly calm: string
  readonly trouble?: string | undefined
}

/** The whole cell is the link. */
function NumberCell({ href, value, label, line, calm, trouble }: CellProps) {
  return (
    <a class="number-cell" href={href}>
      <span class="value number">{value === undefined ? '–' : formatCount(value)}</span>
      <span class="label">{label}</span>
      {line}
      <span class={trouble === undefined ? 'strip' : 'strip trouble'}>{trouble ?? calm}</span>
    </a>
  )
}
