// The hand-off: its targets, and the documents that they did not take.
import { gatewayState } from '../gateway-state.ts'
import type { PageProps } from '../page.ts'
import { ActButtons } from '../parts/act-buttons.tsx'
import { useActing } from '../parts/acting.tsx'
import { Filters } from '../parts/filters.tsx'
import { type Column, List, type RowOf, Table } from '../parts/table.tsx'
import { DayTime, FullTime } from '../parts/values.tsx'
import { useCallback, useState } from '../preact.ts'
import { formatCount, formatSize } from '../texts/formats.ts'
import { handOffTexts } from './hand-off-texts.ts'
import { LetterTag, offerLetterActs } from './letter-acts.tsx'
import { ManyLetters } from './many-letters.tsx'

type Row = RowOf<'GET /api/v1/dead-letters'>

export function HandOffPage({ query }: PageProps) {
  const texts = handOffTexts()
  const [turn, setTurn] = useState(0)
  const look = useCallback(() => setTurn(before => before + 1), [])
  const acting = useActing(look)
  const columns: readonly Column<Row>[] = [
    { title: texts.time, isNarrow: true, cell: ({ at }) => <DayTime at={at} /> },
    {
      title: texts.document,
      cell: ({ document, index }) => (
        <a class="mono" href={`/hand-off/dead-letters/${index}`}>
          {document}
        </a>
      ),
    },
    { title: texts.partner, cell: ({ partner }) => partner },
    { title: texts.target, cell: ({ target }) => target },
    { title: texts.state, isNarrow: true, cell: ({ state }) => <LetterTag state={state} /> },
    { title: texts.reason, cell: ({ reason, retryReason }) => retryReason ?? reason },
    { title: texts.size, isEnd: true, cell: ({ bytes }) => formatSize(bytes) },
    { title: texts.acts, cell: letter => <ActButtons acts={offerLetterActs([letter], acting)} /> },
  ]
  return (
    <>
      <h1>{texts.title}</h1>
      {acting.view}
      <p class="lead">{texts.lead}</p>
      <Targets />
      <section class="section" aria-labelledby="letters">
        <h2 id="letters">{texts.letters}</h2>
        <p>{texts.lettersLead}</p>
        <Filters
          fields={[
            { name: 'state', label: texts.state, options: { '': texts.allStates, ...texts.states } },
            { name: 'target', label: texts.target },
            { name: 'partner', label: texts.partner },
            { name: 'from', label: texts.from, isTime: true },
            { name: 'to', label: texts.to, isTime: true },
          ]}
        />
        <ManyLetters query={query} acting={acting} turn={turn} />
        <List
          route="GET /api/v1/dead-letters"
          filters={['state', 'target', 'partner', 'from', 'to']}
          caption={texts.caption}
          columns={columns}
          keyOf={({ index, target }) => `${index} ${target}`}
          isNew={({ kind, outcome }) => kind === 'hand-off' && outcome === 'given-up'}
          turn={turn}
          empty={<p>{texts.empty}</p>}
        />
      </section>
    </>
  )
}

/** By the metrics, which name the targets that there are. */
function Targets() {
  const texts = handOffTexts()
  const { metrics } = gatewayState.value
  if (metrics === undefined) return null
  const names = ['seg_handoff_waiting_senders', 'seg_dead_letters'].flatMap(name =>
    metrics.series(name).map(({ labels }) => labels.target ?? ''),
  )
  const rows = [...new Set(names)].map(target => ({
    target,
    waiting: metrics.sum('seg_handoff_waiting_senders', { target }) ?? 0,
    oldest: metrics.sum('seg_handoff_oldest_timestamp_seconds', { target }),
    letters: metrics.sum('seg_dead_letters', { target }) ?? 0,
  }))
  return (
    <section aria-labelledby="targets">
      <h2 id="targets">{texts.targets}</h2>
      {rows.length === 0 ? (
        <p class="muted">{texts.noTargets}</p>
      ) : (
        <Table
          caption={texts.targets}
          rows={rows}
          keyOf={({ target }) => target}
          columns={[
            { title: texts.target, cell: ({ target }) => target },
            { title: texts.waiting, isEnd: true, cell: ({ waiting }) => formatCount(waiting) },
            {
              title: texts.oldest,
              cell: ({ waiting, oldest }) =>
                waiting > 0 && oldest ? <FullTime at={new Date(oldest * 1000).toISOString()} /> : '',
            },
            { title: texts.letters, isEnd: true, cell: ({ letters }) => formatCount(letters) },
          ]}
        />
      )}
    </section>
  )
}
