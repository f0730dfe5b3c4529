// Who reads the log, as a witness does with each receipt: whoever reads it would notice if it did
// not continue what it showed before.
import type { AnswerOf } from '../api/client.ts'
import { useAsked } from '../api/use-asked.ts'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { Table } from '../parts/table.tsx'
import { useNow } from '../parts/use-now.ts'
import { FullTime } from '../parts/values.tsx'
import { formatCount, formatPast } from '../texts/formats.ts'
import { LogTabs } from './log-tabs.tsx'
import { witnessTexts } from './witness-texts.ts'

type Witness = AnswerOf<'GET /api/v1/log/witnesses'>['data'][number]

const EVERY = 15_000
/** Longer than a partner that sends documents leaves it unread (the alert SegWitnessOld). */
const DAY = 24 * 3_600_000

export function WitnessesPage() {
  const texts = witnessTexts()
  const now = useNow(1000)
  const { answer, refusal, at, again } = useAsked('GET /api/v1/log/witnesses', {}, { every: EVERY })
  return (
    <>
      <h1>{texts.title}</h1>
      <LogTabs />
      <p class="lead">{texts.lead}</p>
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {answer?.data.length === 0 && (
        <div class="empty">
          <p>{texts.empty}</p>
        </div>
      )}
      {answer !== undefined && answer.data.length > 0 && (
        <Table
          caption={texts.title}
          rows={answer.data}
          keyOf={({ partner }) => partner}
          columns={[
            {
              title: texts.partner,
              cell: ({ partner }) => <a href={`/partners/${encodeURIComponent(partner)}`}>{partner}</a>,
            },
            {
              title: texts.covers,
              cell: ({ size }) => size !== null && texts.coversOf(formatCount(size), formatCount(answer.size)),
            },
            { title: texts.read, cell: ({ readAt }) => <FullTime at={readAt} /> },
            { title: texts.ago, isNarrow: true, cell: witness => <Age witness={witness} now={now} /> },
          ]}
        />
      )}
    </>
  )
}

function Age({ witness: { readAt }, now }: { readonly witness: Witness; readonly now: Date }) {
  const at = new Date(readAt)
  const isOld = now.getTime() - at.getTime() > DAY
  return <span class={isOld ? 'tag waiting' : 'tag evidence'}>{formatPast(at, now)}</span>
}
