// The drawing of the river, and how one walks along it: arrow keys, pointer, a span by dragging.
import type { LiveFact } from '../api/live.ts'
import { useRef, useState } from '../preact.ts'
import { formatClock, formatDuration, formatMinute, formatSize } from '../texts/formats.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import { nowTexts } from './now-texts.ts'
import { isRefusedFact, type RiverBar, type RiverData } from './river-data.ts'

/** `axis`: where time runs; what comes in stands above it, what goes out hangs below. */
const shapes = {
  river: { height: 220, axis: 158, above: 136, below: 30 },
  histogram: { height: 116, axis: 90, above: 82, below: 0 },
} as const
type Shape = (typeof shapes)[keyof typeof shapes]
/** A document of this size is as high as its room. */
const LARGEST = Math.log10(2 ** 30)
/** Pixels of a character of a label, and beside it. */
const CHARACTER = 8
const LABEL_ROOM = 16
/** Pixels from which on a drag selects a span. */
const DRAG = 8

type Span = { readonly from: number; readonly to: number; readonly step: number }
type DrawingProps = {
  readonly data: RiverData
  readonly span: Span
  readonly width: number
  readonly shape?: keyof typeof shapes
  /** When the gateway started. */
  readonly startedAt?: number | undefined
  readonly onOpen?: (fact: LiveFact) => void
  readonly onSpan: (start: number, end: number) => void
}

export function RiverDrawing({
  data: { ticks, bars },
  span,
  width,
  shape = 'river',
  startedAt,
  onOpen,
  onSpan,
}: DrawingProps) {
  const texts = nowTexts()
  const form = shapes[shape]
  const { height, axis } = form
  const [chosen, setChosen] = useState<string | undefined>(undefined)
  const [isByKey, setByKey] = useState(false)
  const [drag, setDrag] = useState<readonly [number, number] | undefined>(undefined)
  const ref = useRef<SVGSVGElement>(null)
  const xOf = (at: number) => ((at - span.from) / (span.to - span.from)) * width
  const timeAt = (x: number) => span.from + (x / width) * (span.to - span.from)
  const shown = (ticks ?? []).filter(({ at }) => Date.parse(at) >= span.from && Date.parse(at) <= span.to)
  const seen = bars.filter(({ at }) => at + span.step >= span.from && at <= span.to)
  const keys = ticks === undefined ? seen.map(({ at }) => `${at}`) : shown.map(({ id }) => id)
  const fact = shown.find(({ id }) => id === chosen)
  const bar = ticks === undefined ? seen.find(({ at }) => `${at}` === chosen) : undefined
  const refused = shown.filter(isRefusedFact).length

  const go = (by: number) => {
    const at = chosen === undefined ? -1 : keys.indexOf(chosen)
    const next = at < 0 ? keys.length - 1 : Math.max(0, Math.min(keys.length - 1, at + by))
    setByKey(true)
    setChosen(keys[next])
  }
  const open = () => {
    if (fact !== undefined) onOpen?.(fact)
    else if (bar !== undefined) onSpan(bar.at, bar.at + span.step)
  }
  const point = (event: PointerEvent) => event.clientX - (ref.current?.getBoundingClientRect().left ?? 0)
  const nearest = (x: number) => {
    const places =
      ticks === undefined ? seen.map(({ at }) => xOf(at + span.step / 2)) : shown.map(({ at }) => xOf(Date.parse(at)))
    const distances = places.map(place => Math.abs(place - x))
    const least = Math.min(...distances)
    return least > 12 ? undefined : keys[distances.indexOf(least)]
  }

  return (
    <>
      <svg
        ref={ref}
        class="river-drawing"
        viewBox={`0 0 ${width} ${height}`}
        width={width}
        height={height}
        tabindex={0}
        role="img"
        aria-label={`${texts.ticks(ticks === undefined ? sumOf(seen) : shown.length, refused)}. ${texts.riverHint}`}
        aria-describedby="river-readout"
        onKeyDown={event => {
          if (event.key === 'ArrowLeft') go(-1)
          else if (event.key === 'ArrowRight') go(1)
          else if (event.key === 'Home') go(-keys.length)
          else if (event.key === 'End') go(keys.length)
          else if (event.key === 'Enter') open()
          else return
          event.preventDefault()
        }}
        onPointerDown={event => setDrag([point(event), point(event)])}
        onPointerMove={event => {
          const x = point(event)
          setByKey(false)
          setChosen(nearest(x))
          if (drag !== undefined) setDrag([drag[0], x])
        }}
        onPointerLeave={() => setDrag(undefined)}
        onPointerUp={() => {
          if (drag === undefined) return
          const [start, end] = drag.toSorted((a, b) => a - b) as [number, number]
          setDrag(undefined)
          if (end - start > DRAG) onSpan(timeAt(start), timeAt(end))
          else open()
        }}
      >
        {timeLabels(span).map(({ at, text }) => (
          <g key={at} class="scale">
            <line x1={xOf(at)} x2={xOf(at)} y1={14} y2={height - 24} />
            <text x={xOf(at)} y={height - 6}>
              {text}
            </text>
          </g>
        ))}
        <line class="axis" x1={0} x2={width} y1={axis} y2={axis} />
        {ticks === undefined ? (
          <Bars form={form} bars={seen} xOf={xOf} step={span.step} chosen={chosen} />
        ) : (
          <Ticks form={form} ticks={shown} xOf={xOf} width={width} chosen={chosen} />
        )}
        {shape === 'river' && (
          <>
            <text class="side" x={2} y={axis - 6}>
              {texts.inbound}
            </text>
            <text class="side" x={2} y={axis + 16}>
              {texts.outbound}
            </text>
          </>
        )}
        {startedAt !== undefined && startedAt > span.from && startedAt < span.to && (
          <StartMark x={xOf(startedAt)} width={width} height={height} />
        )}
        {drag !== undefined && Math.abs(drag[1] - drag[0]) > DRAG && (
          <rect class="drag" x={Math.min(...drag)} width={Math.abs(drag[1] - drag[0])} y={0} height={height - 24} />
        )}
      </svg>
      <p id="river-readout" class="readout" aria-live={isByKey ? 'polite' : 'off'}>
        {fact !== undefined ? (
          <Readout fact={fact} />
        ) : bar !== undefined ? (
          texts.oneBar(formatMinute(new Date(bar.at)), bar.accepted, bar.refused)
        ) : (
          texts.ticks(
            ticks === undefined ? sumOf(seen) : shown.length,
            ticks === undefined ? seen.reduce((sum, one) => sum + one.refused, 0) : refused,
          )
        )}
      </p>
    </>
  )
}

/** The gateway did not run just before it. */
function StartMark({ x, width, height }: { readonly x: number; readonly width: number; readonly height: number }) {
  const { started } = nowTexts()
  const isAtEnd = x > width - started.length * CHARACTER - LABEL_ROOM
  return (
    <g class="start">
      <line x1={x} x2={x} y1={14} y2={height - 24} />
      <text x={x + (isAtEnd ? -6 : 6)} y={height - 28} text-anchor={isAtEnd ? 'end' : 'start'}>
        {started}
      </text>
    </g>
  )
}

function Readout({ fact }: { readonly fact: LiveFact }) {
  const texts = sharedTexts()
  const { at, partner, document, outcome, code, bytes, totalTime } = fact
  const parts = [
    partner,
    document,
    `${texts.outcomes[outcome] ?? outcome}${code === null ? '' : ` (${code})`}`,
    bytes === null ? undefined : formatSize(bytes),
    totalTime === null ? undefined : formatDuration(totalTime),
  ]
  return (
    <>
      <strong class="time">{formatClock(new Date(at))}</strong> {parts.filter(part => part).join(' · ')}
    </>
  )
}

type Placed = { readonly form: Shape; readonly xOf: (at: number) => number; readonly chosen: string | undefined }

function Ticks({
  form: { axis, above, below },
  ticks,
  xOf,
  width,
  chosen,
}: Placed & { readonly ticks: readonly LiveFact[]; width: number }) {
  let labelled = Number.NEGATIVE_INFINITY
  return (
    <>
      {ticks.map(fact => {
        const x = Math.round(xOf(Date.parse(fact.at))) + 0.5
        const isRefused = isRefusedFact(fact)
        const size = Math.max(8, (Math.log10(Math.max(10, fact.bytes ?? 1000)) / LARGEST) * above)
        const room = (fact.code?.length ?? 0) * CHARACTER + LABEL_ROOM
        const isAtEnd = x > width - room
        const isLabelled = isRefused && fact.code !== null && (isAtEnd ? x - room : x) >= labelled
        if (isLabelled) labelled = isAtEnd ? width : x + room
        const mark = fact.id === chosen ? ' chosen' : ''
        if (fact.kind === 'delivery')
          return (
            <line
              key={fact.id}
              class={`tick ${isRefused ? 'refused' : 'accepted'}${mark}`}
              x1={x}
              x2={x}
              y1={axis + 2}
              y2={axis + 2 + below}
            />
          )
        if (fact.outcome === 'conflict')
          return <path key={fact.id} class={`tick conflict${mark}`} d={`M${x} ${axis - 60}l7 9-7 9-7-9z`} />
        if (fact.outcome === 'replayed')
          return <rect key={fact.id} class={`tick replayed${mark}`} x={x - 2} width={4} y={axis - size} height={size} />
        return (
          <g key={fact.id} class={`tick ${isRefused ? 'refused' : 'accepted'}${mark}`}>
            <line x1={x} x2={x} y1={isRefused ? 18 : axis - size} y2={axis} />
            {isRefused && <rect x={x - 3} y={16} width={6} height={6} />}
            {isLabelled && (
              <text x={x + (isAtEnd ? -6 : 6)} y={14} text-anchor={isAtEnd ? 'end' : 'start'}>
                {fact.code}
              </text>
            )}
          </g>
        )
      })}
    </>
  )
}

function Bars({
  form: { axis, above },
  bars,
  xOf,
  step,
  chosen,
}: Placed & { readonly bars: readonly RiverBar[]; readonly step: number }) {
  const most = Math.max(1, ...bars.map(({ accepted, refused }) => accepted + refused))
  const scale = (events: number) => (Math.log10(1 + events) / Math.log10(1 + most)) * above
  return (
    <>
      {bars.map(({ at, accepted, refused }) => {
        const x = xOf(at)
        const width = Math.max(1.5, xOf(at + step) - x - 1.5)
        const all = scale(accepted + refused)
        const red = refused === 0 ? 0 : Math.max(4, (refused / (accepted + refused)) * all)
        return (
          <g key={at} class={`${at}` === chosen ? 'bar chosen' : 'bar'}>
            <rect class="accepted" x={x} width={width} y={axis - all + red} height={Math.max(0, all - red)} />
            <rect class="refused" x={x} width={width} y={axis - all} height={red} />
          </g>
        )
      })}
    </>
  )
}

const MINUTES = 60_000
/** Half of a label, of the width. */
const EDGE = 0.03

/** A label in whole steps that leaves room between two. */
function timeLabels({ from, to }: Span): { readonly at: number; readonly text: string }[] {
  const length = (to - from) / MINUTES
  const every = (length <= 5 ? 1 : length <= 60 ? 10 : length <= 1440 ? 240 : 1440) * MINUTES
  const labels = []
  // One at the edge would be cut off.
  const edge = length * MINUTES * EDGE
  for (let at = Math.ceil((from + edge) / every) * every; at < to - edge; at += every)
    labels.push({ at, text: formatMinute(new Date(at), every >= 1440 * MINUTES) })
  return labels
}

function sumOf(bars: readonly RiverBar[]): number {
  return bars.reduce((sum, { accepted, refused }) => sum + accepted + refused, 0)
}
