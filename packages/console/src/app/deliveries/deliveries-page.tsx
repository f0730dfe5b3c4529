// Deliveries: what waits by receiver and cause, and all of them, with what can be done to many.
import type { PageProps } from '../page.ts'
import { useActing } from '../parts/acting.tsx'
import { Command } from '../parts/command.tsx'
import { Filters } from '../parts/filters.tsx'
import { OutcomeTag } from '../parts/outcome-tag.tsx'
import { type Column, List, type RowOf } from '../parts/table.tsx'
import { DayTime } from '../parts/values.tsx'
import { useCallback, useState } from '../preact.ts'
import { formatSize } from '../texts/formats.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import { deliveryTexts } from './delivery-texts.ts'
import { ManyDeliveries } from './many-deliveries.tsx'
import { WaitingReceivers } from './waiting-receivers.tsx'

type Row = RowOf<'GET /api/v1/deliveries'>

const states = ['queued', 'delivered', 'refused', 'expired', 'cancelled'] as const

export function DeliveriesPage({ query }: PageProps) {
  const texts = deliveryTexts()
  const { outcomes } = sharedTexts()
  const [turn, setTurn] = useState(0)
  const look = useCallback(() => setTurn(before => before + 1), [])
  const acting = useActing(look)
  const options = Object.fromEntries(states.map(state => [state, outcomes[state] ?? state]))
  return (
    <>
      <h1>{texts.title}</h1>
      {acting.view}
      <WaitingReceivers turn={turn} acting={acting} />
      <section class="section" aria-labelledby="list">
        <h2 id="list">{texts.list}</h2>
        <Filters
          fields={[
            { name: 'outcome', label: texts.state, options: { '': texts.allStates, ...options } },
            { name: 'partner', label: texts.partner },
            { name: 'document', label: texts.document },
            { name: 'code', label: texts.code },
          ]}
        />
        <ManyDeliveries
          state={query.outcome}
          isAlone={!query.partner && !query.document && !query.code}
          acting={acting}
          turn={turn}
        />
        <List
          route="GET /api/v1/deliveries"
          filters={['outcome', 'partner', 'document', 'code', 'from', 'to']}
          caption={texts.list}
          columns={deliveryColumns()}
          keyOf={({ id }) => id}
          isNew={({ kind }) => kind === 'delivery'}
          turn={turn}
          empty={
            <>
              <p>
                {texts.empty} {texts.emptyMore}
              </p>
              <Command text="pnpm --filter sender send sample_document.xml --no-wait" />
            </>
          }
        />
      </section>
    </>
  )
}

function deliveryColumns(): readonly Column<Row>[] {
  const texts = deliveryTexts()
  return [
    { title: texts.time, isNarrow: true, cell: ({ at }) => <DayTime at={at} /> },
    {
      title: texts.document,
      cell: ({ document, entry }) => <a href={`/deliveries/${entry}`}>{document ?? texts.unnamed}</a>,
    },
    { title: texts.receiver, cell: ({ partner, target }) => partner ?? target },
    { title: texts.state, isNarrow: true, cell: ({ outcome }) => <OutcomeTag outcome={outcome} /> },
    { title: texts.tries, isEnd: true, cell: ({ tries }) => tries ?? 0 },
    { title: texts.reason, cell: ({ code }) => code && <a href={`/help/${code}`}>{code}</a> },
    { title: texts.size, isEnd: true, cell: ({ bytes }) => (bytes === null ? '' : formatSize(bytes)) },
  ]
}
