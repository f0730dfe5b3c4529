// Who reads the log, as a witness does with each receipt: whoever reads it would notice if it did
// not continue what it showed before.
import { gatewayState } from '../gateway-state.ts'
import { Table } from '../parts/table.tsx'
import { useNow } from '../parts/use-now.ts'
import { FullTime } from '../parts/values.tsx'
import { formatPast } from '../texts/formats.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import { LogTabs } from './log-tabs.tsx'
import { witnessTexts } from './witness-texts.ts'
import { type Witness, witnessesOf } from './witnesses.ts'

const STEP = 1000
/** Longer than a partner that sends documents leaves it unread (the alert SegWitnessOld). */
const DAY = 24 * 3_600_000

export function WitnessesPage() {
  const texts = witnessTexts()
  const now = useNow(STEP)
  const { metrics } = gatewayState.value
  const witnesses = metrics && witnessesOf(metrics)
  return (
    <>
      <h1>{texts.title}</h1>
      <LogTabs />
      <p class="lead">{texts.lead}</p>
      {witnesses === undefined && <p class="muted">{sharedTexts().loading}</p>}
      {witnesses?.length === 0 && (
        <div class="empty">
          <p>{texts.empty}</p>
        </div>
      )}
      {witnesses !== undefined && witnesses.length > 0 && (
        <Table
          caption={texts.title}
          rows={witnesses}
          keyOf={({ partner }) => partner}
          columns={[
            {
              title: texts.partner,
              cell: ({ partner }) => <a href={`/partners/${encodeURIComponent(partner)}`}>{partner}</a>,
            },
            { title: texts.read, cell: ({ at }) => <FullTime at={at.toISOString()} /> },
            { title: texts.ago, isNarrow: true, cell: witness => <Age witness={witness} now={now} /> },
          ]}
        />
      )}
    </>
  )
}

function Age({ witness: { at }, now }: { readonly witness: Witness; readonly now: Date }) {
  const isOld = now.getTime() - at.getTime() > DAY
  return <span class={isOld ? 'tag waiting' : 'tag evidence'}>{formatPast(at, now)}</span>
}
