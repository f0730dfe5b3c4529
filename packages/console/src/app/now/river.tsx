// The river: the documents of the last minutes as fine ticks from right to left. A tick is as high
// as its document is large; what was refused stands out in full height.
import { addressOf, useAddress } from '../address.ts'
import { pageOfFact } from '../documents/fact-links.ts'
import { Command } from '../parts/command.tsx'
import { Table } from '../parts/table.tsx'
import { useNow } from '../parts/use-now.ts'
import { useWidth } from '../parts/use-width.ts'
import { useLocation, useState } from '../preact.ts'
import { me } from '../session.ts'
import { formatCount, formatMinute } from '../texts/formats.ts'
import { nowTexts } from './now-texts.ts'
import { MINUTE, type RiverRange, riverRanges, useRiver } from './river-data.ts'
import { RiverDrawing } from './river-drawing.tsx'

export function River({ range: given }: { readonly range: string | undefined }) {
  const texts = nowTexts()
  const { route } = useLocation()
  const { change } = useAddress()
  const range = isRange(given) ? given : '1h'
  const data = useRiver(range)
  const [isTable, setTable] = useState(false)
  const [pausedAt, setPausedAt] = useState<number | undefined>(undefined)
  const [ref, width] = useWidth<HTMLDivElement>()
  const live = useNow(1000).getTime()
  const to = pausedAt ?? live
  const from = to - riverRanges[range].length * MINUTE
  const isEmpty = data.bars.length === 0
  return (
    <section class="river" aria-labelledby="river">
      <div class="over">
        <h2 id="river">{texts.river}</h2>
        <fieldset class="switch">
          <legend class="unseen">{texts.range}</legend>
          {(Object.keys(riverRanges) as RiverRange[]).map(name => (
            <button
              key={name}
              type="button"
              aria-pressed={name === range}
              onClick={() => change({ range: name === '1h' ? undefined : name }, true)}
            >
              {texts.ranges[name]}
            </button>
          ))}
        </fieldset>
        <button type="button" class="quiet" onClick={() => setPausedAt(pausedAt === undefined ? live : undefined)}>
          {pausedAt === undefined ? texts.pause : texts.goOn}
        </button>
        <button type="button" class="quiet" onClick={() => setTable(!isTable)}>
          {isTable ? texts.asDrawing : texts.asTable}
        </button>
      </div>
      {isTable ? (
        <div class="river-table">
          <Table
            caption={texts.river}
            columns={[
              { title: texts.minute, isNarrow: true, cell: ({ at }) => formatMinute(new Date(at)) },
              { title: texts.accepted, isEnd: true, cell: ({ accepted }) => formatCount(accepted) },
              { title: texts.refused, isEnd: true, cell: ({ refused }) => formatCount(refused) },
            ]}
            rows={data.bars.toReversed()}
            keyOf={({ at }) => at}
          />
        </div>
      ) : (
        <div ref={ref} class="river-room">
          {width > 0 && (
            <RiverDrawing
              data={data}
              span={{ from, to, step: riverRanges[range].step * MINUTE }}
              width={width}
              startedAt={me.value && Date.parse(me.value.gateway.startedAt)}
              onOpen={fact => {
                const page = pageOfFact(fact)
                if (page !== undefined) route(page)
              }}
              onSpan={(start, end) =>
                route(addressOf('/documents', { from: new Date(start).toISOString(), to: new Date(end).toISOString() }))
              }
            />
          )}
          {isEmpty && (
            <div class="river-empty">
              <p>{texts.nothingHere}</p>
              <Command text="pnpm --filter sender send sample_document.xml" />
            </div>
          )}
        </div>
      )}
    </section>
  )
}

function isRange(text: string | undefined): text is RiverRange {
  return text !== undefined && Object.hasOwn(riverRanges, text)
}
