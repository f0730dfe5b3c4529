// Documents and refusals as rows.
import type { LiveFact } from '../api/live.ts'
import { OutcomeTag } from '../parts/outcome-tag.tsx'
import type { Column } from '../parts/table.tsx'
import { ClockTime, DayTime } from '../parts/values.tsx'
import { formatCount, formatDuration, formatSize } from '../texts/formats.ts'
import { documentTexts } from './document-texts.ts'
import { pageOfFact } from './fact-links.ts'

export function documentColumns({ hasDays = false } = {}): readonly Column<LiveFact>[] {
  const texts = documentTexts()
  return [
    { title: texts.time, isNarrow: true, cell: ({ at }) => (hasDays ? <DayTime at={at} /> : <ClockTime at={at} />) },
    {
      title: texts.partner,
      cell: ({ partner, address }) => partner ?? <span class="muted">{address ?? texts.unknown}</span>,
    },
    { title: texts.document, cell: fact => <DocumentLink fact={fact} /> },
    { title: texts.outcome, isNarrow: true, cell: fact => <Outcome fact={fact} /> },
    { title: texts.size, isEnd: true, cell: ({ bytes }) => (bytes === null ? '' : formatSize(bytes)) },
    {
      title: texts.duration,
      isEnd: true,
      cell: ({ totalTime }) => (totalTime === null ? '' : formatDuration(totalTime)),
    },
  ]
}

/** Of a refusal whose document nobody could read, the link says what it is. */
function DocumentLink({ fact }: { readonly fact: LiveFact }) {
  const texts = documentTexts()
  const page = pageOfFact(fact)
  const name = fact.document ?? (fact.kind === 'refusal' ? texts.unread : '')
  if (page === undefined) return <span class="mono">{name}</span>
  return (
    <a class={fact.document === null ? undefined : 'mono'} href={page}>
      {name}
    </a>
  )
}

function Outcome({ fact: { outcome, code, count } }: { readonly fact: LiveFact }) {
  return (
    <>
      <OutcomeTag outcome={outcome} />
      {code !== null && <span class="code-beside mono">{code}</span>}
      {count !== null && count > 1 && <span class="muted"> × {formatCount(count)}</span>}
    </>
  )
}
