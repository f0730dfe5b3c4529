// The end of the log: its latest entries as squares by kind, the subtrees that they stand in as
// arcs, and its head.
import { useFacts } from '../api/live.ts'
import { useAsked } from '../api/use-asked.ts'
import { gatewayState } from '../gateway-state.ts'
import { kindOfEvent, logTexts } from '../log/log-texts.ts'
import { peaksOf } from '../log/peaks.ts'
import { readCheckpointText } from '../log/read-checkpoint.ts'
import { witnessTexts } from '../log/witness-texts.ts'
import { witnessesOf } from '../log/witnesses.ts'
import { CopyButton } from '../parts/command.tsx'
import { useNow } from '../parts/use-now.ts'
import { useWidth } from '../parts/use-width.ts'
import { useLocation, useRef, useState } from '../preact.ts'
import { formatCount, formatPast, groupDigits } from '../texts/formats.ts'
import { nowTexts } from './now-texts.ts'

const MOST = 200
const WITNESSES = 2
const SQUARE = 5
const PITCH = 6
const HEIGHT = 104
const BASE = 92
/** Milliseconds between two looks, however much arrives. */
const SOONEST = 2500

export function LogStrip() {
  const texts = nowTexts()
  const kinds = logTexts().kinds
  const { route } = useLocation()
  const [ref, width] = useWidth<HTMLDivElement>()
  const [chosen, setChosen] = useState<number | undefined>(undefined)
  const { answer, again } = useAsked('GET /api/v1/log', { query: { limit: MOST } }, { every: 30_000 })
  const head = useAsked('GET /api/v1/log/checkpoint', {}, { every: 30_000 })
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const soon = () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined
      again()
      head.again()
    }, SOONEST)
  }
  useFacts(soon, soon)
  const room = Math.max(0, Math.floor(width / PITCH))
  const entries = (answer?.data ?? []).slice(0, room).toReversed()
  const first = entries[0]?.index ?? 0
  const size = (entries.at(-1)?.index ?? -1) + 1
  const xOf = (index: number) => (index - first) * PITCH
  const typeOf = (event: Readonly<Record<string, unknown>> | null) => String(event?.type ?? 'erased')
  const entry = entries.find(({ index }) => index === chosen)
  const checkpoint = readCheckpointText(head.answer)
  const go = (by: number) => setChosen(Math.max(first, Math.min(size - 1, (chosen ?? size) + by)))
  return (
    <section class="log-strip" aria-labelledby="log">
      <h2 id="log">
        <a href="/log">{texts.log}</a>
      </h2>
      <div class="log-room">
        <div ref={ref}>
          {entries.length > 0 && (
            <>
              <svg
                width={width}
                height={HEIGHT}
                viewBox={`0 0 ${width} ${HEIGHT}`}
                role="img"
                tabindex={0}
                aria-label={`${texts.entries(size)}. ${texts.logHint}`}
                aria-describedby="log-readout"
                onKeyDown={event => {
                  if (event.key === 'ArrowLeft') go(-1)
                  else if (event.key === 'ArrowRight') go(1)
                  else if (event.key === 'Enter' && chosen !== undefined) route(`/log/${chosen}`)
                  else return
                  event.preventDefault()
                }}
                onPointerMove={event => {
                  const x = event.clientX - event.currentTarget.getBoundingClientRect().left
                  const index = first + Math.floor(x / PITCH)
                  setChosen(index < size ? index : undefined)
                }}
                onClick={() => chosen !== undefined && route(`/log/${chosen}`)}
              >
                {peaksOf(size).map(({ start, end, level }) =>
                  end <= first ? null : (
                    <Arc key={start} from={xOf(start)} to={xOf(end) - 1} level={level} isOpen={start < first} />
                  ),
                )}
                {entries.map(({ index, event }) => (
                  <rect
                    key={index}
                    class={`leaf ${kindOfEvent(typeOf(event))}${index === chosen ? ' chosen' : ''}`}
                    x={xOf(index)}
                    y={BASE}
                    width={SQUARE}
                    height={SQUARE}
                  />
                ))}
              </svg>
              <p id="log-readout" class="readout" aria-live="polite">
                {entry === undefined
                  ? texts.entries(size)
                  : texts.entry(entry.index, kinds[typeOf(entry.event)] ?? typeOf(entry.event))}
              </p>
            </>
          )}
        </div>
        {checkpoint !== undefined && (
          <div class="head">
            <span class="value number">{formatCount(checkpoint.size)}</span>
            <span class="digest">
              <span class="unseen">{texts.root}</span>
              <span class="mono">{groupDigits(checkpoint.root.slice(0, 16))}</span>
              <CopyButton text={checkpoint.root} of={texts.root} />
            </span>
            <span class="muted">{texts.signedBy(checkpoint.signers.join(', '))}</span>
            <a class="muted" href="/log/witnesses">
              <SeenBy />
            </a>
          </div>
        )}
      </div>
    </section>
  )
}

/** Those who read it last. */
function SeenBy() {
  const texts = witnessTexts()
  const now = useNow(10_000)
  const { metrics } = gatewayState.value
  if (metrics === undefined) return null
  const latest = witnessesOf(metrics).slice(0, WITNESSES)
  if (latest.length === 0) return <>{texts.seenByNone}</>
  return <>{texts.seenBy(latest.map(({ partner, at }) => texts.one(partner, formatPast(at, now))).join(', '))}</>
}

/** One perfect subtree; where it begins before what is shown, it is open. */
function Arc({ from, to, level, isOpen }: { from: number; to: number; level: number; isOpen: boolean }) {
  const top = BASE - 10 - Math.min(70, level * 8)
  const start = isOpen ? -20 : from
  if (level === 0) return <path class="arc" d={`M${from + 2} ${BASE - 2}v-6`} />
  const bend = Math.min(18, (to - start) / 2)
  const left = isOpen
    ? `M${start} ${top}`
    : `M${start} ${BASE - 3}V${top + bend}Q${start} ${top} ${start + bend} ${top}`
  return <path class="arc" d={`${left}H${to - bend}Q${to} ${top} ${to} ${top + bend}V${BASE - 3}`} />
}
