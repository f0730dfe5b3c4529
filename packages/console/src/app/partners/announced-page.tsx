// Certificates that partners announced as their next: those that wait for an operator first.
import type { ApiSchemas } from '../api/api-types.ts'
import { actOnApi } from '../api/client.ts'
import { useAsked } from '../api/use-asked.ts'
import { ActButtons, type OfferedAct, obstacleOf } from '../parts/act-buttons.tsx'
import { type Acting, givenReason, useActing } from '../parts/acting.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { DayTime, DigestText } from '../parts/values.tsx'
import { announcedTexts } from './announced-texts.ts'
import { PartnerTabs } from './partner-tabs.tsx'

type Rollover = ApiSchemas['Rollover']

const EVERY = 15_000

export function AnnouncedPage() {
  const texts = announcedTexts()
  const { answer, refusal, at, again } = useAsked('GET /api/v1/rollovers', {}, { every: EVERY })
  const acting = useActing(again)
  const rows = answer?.data.toSorted((a, b) => Number(b.state === 'waiting') - Number(a.state === 'waiting'))
  const columns: readonly Column<Rollover>[] = [
    {
      title: texts.partner,
      cell: ({ partner }) => <a href={`/partners/${encodeURIComponent(partner)}`}>{partner}</a>,
    },
    {
      title: texts.certificate,
      cell: ({ subject, fingerprint }) => (
        <>
          {subject}
          <br />
          <DigestText hex={fingerprint} isShort />
        </>
      ),
    },
    { title: texts.uses, cell: ({ uses }) => uses.join(', ') },
    { title: texts.from, isNarrow: true, cell: ({ from }) => <DayTime at={from} /> },
    { title: texts.until, isNarrow: true, cell: ({ until }) => <DayTime at={until} /> },
    { title: texts.state, cell: rollover => <StateOf rollover={rollover} /> },
    { title: texts.acts, cell: rollover => <ActButtons acts={decisions(rollover, acting)} /> },
  ]
  return (
    <>
      <h1>{texts.title}</h1>
      <PartnerTabs />
      {acting.view}
      <p class="lead">{texts.lead}</p>
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {rows?.length === 0 && (
        <div class="empty">
          <p>{texts.empty}</p>
        </div>
      )}
      {rows !== undefined && rows.length > 0 && (
        <Table
          caption={texts.title}
          columns={columns}
          rows={rows}
          keyOf={row => `${row.fingerprint} ${row.document}`}
        />
      )}
    </>
  )
}

function StateOf({ rollover: { state, reason } }: { readonly rollover: Rollover }) {
  const texts = announcedTexts()
  const tag = state === 'taken' ? 'accepted' : state
  return (
    <>
      <span class={`tag ${tag}`}>{texts.states[state]}</span>
      {reason !== null && state === 'waiting' && <p class="muted">{reason}</p>}
    </>
  )
}

function decisions({ partner, fingerprint, acts }: Rollover, acting: Acting): readonly OfferedAct[] {
  const texts = announcedTexts()
  const path = { fingerprint }
  return [
    {
      verb: texts.accept,
      of: partner,
      obstacle: obstacleOf(acts, 'accept'),
      begin: () =>
        acting.begin({
          title: texts.acceptTitle(partner),
          verb: texts.accept,
          lead: <p>{texts.acceptLead}</p>,
          perform: async (given, key) => {
            const body = { partner, why: givenReason(given) }
            await actOnApi('POST /api/v1/rollovers/{fingerprint}/accept', { path, body }, key)
            return texts.accepted(partner)
          },
        }),
    },
    {
      verb: texts.refuse,
      of: partner,
      obstacle: obstacleOf(acts, 'refuse'),
      begin: () =>
        acting.begin({
          title: texts.refuseTitle(partner),
          verb: texts.refuse,
          lead: <p>{texts.refuseLead}</p>,
          perform: async (given, key) => {
            const body = { partner, why: givenReason(given) }
            await actOnApi('POST /api/v1/rollovers/{fingerprint}/refuse', { path, body }, key)
            return texts.refused(partner)
          },
        }),
    },
  ]
}
