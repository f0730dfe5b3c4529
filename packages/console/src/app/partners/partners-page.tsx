// Partners: those with a record, and those that have sent something without one.
import { useTimeAgo } from '../api/gateway-clock.ts'
import { useAsked } from '../api/use-asked.ts'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { Table } from '../parts/table.tsx'
import { sharedTexts } from '../texts/shared-texts.ts'
import { PartnerTabs } from './partner-tabs.tsx'
import { PartnerTag } from './partner-tag.tsx'
import { partnerTexts } from './partner-texts.ts'

const WEEK = 7 * 24 * 3_600_000
const EVERY = 60_000

type Row = {
  readonly id: string
  readonly name: string | null
  /** Undefined without a record. */
  readonly state: string | undefined
  readonly accepted: number
  readonly refused: number
}

export function PartnersPage() {
  const texts = partnerTexts()
  const from = useTimeAgo(WEEK)
  const { answer, refusal, at, again } = useAsked('GET /api/v1/partners', {}, { every: EVERY })
  const traffic = useAsked('GET /api/v1/stats/partners', { query: { from } }, { every: EVERY })
  const rows = answer && joinTraffic(answer.data, traffic.answer?.data ?? [])
  return (
    <>
      <h1>{texts.title}</h1>
      <PartnerTabs />
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {answer !== undefined && (
        <p class="lead">
          {texts.modes[answer.mode] ?? answer.mode}{' '}
          {answer.authorities.length > 0 && texts.authorities(answer.authorities.join(', '))}
        </p>
      )}
      <p>
        <a class="button first" href="/partners/new">
          {texts.add}
        </a>
      </p>
      {rows === undefined && refusal === undefined && <p class="muted">{sharedTexts().loading}</p>}
      {rows?.length === 0 && (
        <div class="empty">
          <p>{texts.empty}</p>
          <a href="/partners/new">{texts.add}</a>
        </div>
      )}
      {rows !== undefined && rows.length > 0 && (
        <Table
          caption={texts.title}
          rows={rows}
          keyOf={({ id }) => id}
          columns={[
            { title: texts.partner, cell: ({ id }) => <a href={`/partners/${encodeURIComponent(id)}`}>{id}</a> },
            { title: texts.name, cell: ({ name }) => name },
            { title: texts.state, isNarrow: true, cell: ({ state }) => <PartnerTag state={state} /> },
            { title: texts.week, isEnd: true, cell: ({ accepted, refused }) => texts.weekOf(accepted, refused) },
          ]}
        />
      )}
    </>
  )
}

function joinTraffic(
  records: readonly { readonly id: string; readonly name: string | null; readonly state: string }[],
  traffic: readonly {
    readonly partner: string | null
    readonly kind: string
    readonly outcome: string
    readonly events: number
  }[],
): readonly Row[] {
  const incoming = traffic.filter(({ kind }) => kind === 'document' || kind === 'refusal')
  const known = new Map(records.map(record => [record.id, record]))
  const ids = new Set([...known.keys(), ...incoming.flatMap(({ partner }) => partner ?? [])])
  return [...ids].sort().map(id => {
    const sum = (...outcomes: readonly string[]) =>
      incoming
        .filter(({ partner, outcome }) => partner === id && outcomes.includes(outcome))
        .reduce((events, row) => events + row.events, 0)
    const record = known.get(id)
    return {
      id,
      name: record?.name ?? null,
      state: record?.state,
      accepted: sum('accepted'),
      refused: sum('refused', 'conflict', 'omitted'),
    }
  })
}
