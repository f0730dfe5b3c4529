// How many documents came when, in the span of the filters or the last day; a span is chosen by
// dragging.
import { useAddress } from '../address.ts'
import { useAsked } from '../api/use-asked.ts'
import { readBars } from '../now/river-data.ts'
import { RiverDrawing } from '../now/river-drawing.tsx'
import { useNow } from '../parts/use-now.ts'
import { useWidth } from '../parts/use-width.ts'
import { formatTime } from '../texts/formats.ts'
import { documentTexts } from './document-texts.ts'

const MINUTE = 60_000
const DAY = 1440 * MINUTE
/** About as many bars are drawn, of one of these lengths in minutes. */
const BARS = 120
const steps = [1, 2, 5, 10, 30, 60, 180, 360, 1440, 10_080] as const

export function Histogram() {
  const texts = documentTexts()
  const { query, change } = useAddress()
  const [ref, width] = useWidth<HTMLDivElement>()
  const now = useNow(MINUTE).getTime()
  const to = timeOf(query.to) ?? Math.ceil(now / MINUTE) * MINUTE
  const from = Math.min(timeOf(query.from) ?? to - DAY, to - MINUTE)
  const step = steps.find(minutes => (to - from) / MINUTE / minutes <= BARS) ?? steps.at(-1)!
  const { answer } = useAsked(
    'GET /api/v1/stats',
    {
      query: {
        from: new Date(Math.floor(from / (step * MINUTE)) * step * MINUTE).toISOString(),
        to: new Date(to).toISOString(),
        step,
        partner: query.partner || undefined,
      },
    },
    { every: MINUTE / 2 },
  )
  return (
    <figure class="histogram" ref={ref}>
      <figcaption class="under">
        {texts.histogram(formatTime(new Date(from)), formatTime(new Date(to)))}. {texts.histogramHint}
      </figcaption>
      {width > 0 && (
        <RiverDrawing
          data={{ ticks: undefined, bars: readBars(answer) }}
          span={{ from, to, step: step * MINUTE }}
          width={width}
          shape="histogram"
          onSpan={(start, end) =>
            change({
              from: new Date(start).toISOString(),
              to: new Date(end).toISOString(),
              after: undefined,
              before: undefined,
            })
          }
        />
      )}
    </figure>
  )
}

function timeOf(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? undefined : time
}
