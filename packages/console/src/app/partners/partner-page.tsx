// One partner: its state and how it is recognized, what came of it, and what is decided of it.
import type { ApiSchemas } from '../api/api-types.ts'
import { useTimeAgo } from '../api/gateway-clock.ts'
import { useAsked } from '../api/use-asked.ts'
import { LastChange } from '../audit/last-change.tsx'
import type { PageProps } from '../page.ts'
import { ActButtons } from '../parts/act-buttons.tsx'
import { useActing } from '../parts/acting.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { Table } from '../parts/table.tsx'
import { DayTime, DigestText, FactList } from '../parts/values.tsx'
import { useLocation } from '../preact.ts'
import { formatCount } from '../texts/formats.ts'
import { partnerActs } from './partner-acts.tsx'
import { PartnerTag } from './partner-tag.tsx'
import { partnerTexts } from './partner-texts.ts'

type Partner = ApiSchemas['Partner']

const DAY = 24 * 3_600_000
const EVERY = 15_000

export function PartnerPage({ params }: PageProps) {
  const texts = partnerTexts()
  const id = params.id ?? ''
  const { route } = useLocation()
  const { answer, refusal, at, again } = useAsked('GET /api/v1/partners/{id}', { path: { id } }, { every: EVERY })
  const acting = useActing(again)
  const hasNoRecord = refusal?.code === 'not-found'
  return (
    <>
      <h1>{answer?.name ?? id}</h1>
      {acting.view}
      {refusal !== undefined && !hasNoRecord && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {hasNoRecord && <p class="lead">{texts.noRecordLead}</p>}
      {!hasNoRecord && answer !== undefined && (
        <>
          <p class="lead">
            <PartnerTag state={answer.state} />
          </p>
          <LastChange on={answer.id} turn={answer.state} />
          <ActButtons acts={partnerActs(answer, acting, () => route('/partners'))} />
          <FactList
            rows={[
              [texts.partner, answer.id],
              [texts.contact, answer.contact],
              [texts.documents, answer.documents === null ? texts.allTypes : answer.documents.join(', ')],
              [texts.hybrid, answer.requiresHybrid ? texts.needed : texts.notNeeded],
            ]}
          />
        </>
      )}
      <Traffic id={id} />
      {!hasNoRecord && answer !== undefined && (
        <>
          <Recognized partner={answer} />
          <section class="section" aria-labelledby="record">
            <h2 id="record">{texts.record}</h2>
            <pre class="record">{JSON.stringify(answer.record, null, 2)}</pre>
          </section>
        </>
      )}
      <p class="beside">
        <a href="/partners">{texts.all}</a>
      </p>
    </>
  )
}

function Traffic({ id }: { readonly id: string }) {
  const texts = partnerTexts()
  const from = useTimeAgo(DAY)
  const { answer } = useAsked('GET /api/v1/stats', { query: { from, partner: id } }, { every: EVERY })
  const sum = (...outcomes: readonly string[]) =>
    (answer?.data ?? [])
      .filter(({ kind, outcome }) => (kind === 'document' || kind === 'refusal') && outcomes.includes(outcome))
      .reduce((events, row) => events + row.events, 0)
  const query = new URLSearchParams({ partner: id, from })
  return (
    <section class="section" aria-labelledby="traffic">
      <h2 id="traffic">{texts.traffic}</h2>
      <p class="under">{texts.today}</p>
      <FactList
        rows={[
          [
            texts.accepted,
            <a key="accepted" href={`/documents?${query}`} aria-label={`${texts.seeAccepted}: ${sum('accepted')}`}>
              {formatCount(sum('accepted'))}
            </a>,
          ],
          [
            texts.refused,
            <a
              key="refused"
              href={`/documents/refused?${query}`}
              aria-label={`${texts.seeRefused}: ${sum('refused', 'conflict', 'omitted')}`}
            >
              {formatCount(sum('refused', 'conflict', 'omitted'))}
            </a>,
          ],
        ]}
      />
    </section>
  )
}

function Recognized({ partner: { certificates } }: { readonly partner: Partner }) {
  const texts = partnerTexts()
  return (
    <section class="section" aria-labelledby="recognized">
      <h2 id="recognized">{texts.certificates}</h2>
      {certificates.length === 0 ? (
        <p>{texts.byCa}</p>
      ) : (
        <Table
          caption={texts.certificates}
          rows={certificates}
          keyOf={rule => JSON.stringify(rule)}
          columns={[
            { title: texts.uses, cell: ({ uses }) => uses.join(', ') },
            { title: texts.recognized, cell: rule => <RuleWords rule={rule} /> },
            { title: texts.from, isNarrow: true, cell: ({ from }) => from && <DayTime at={from} /> },
            { title: texts.until, isNarrow: true, cell: ({ until }) => until && <DayTime at={until} /> },
          ]}
        />
      )}
    </section>
  )
}

/** All that the rule names must hold. */
function RuleWords({ rule: { authority, sha256, spki, uri } }: { readonly rule: ApiSchemas['CertificateRule'] }) {
  const texts = partnerTexts()
  return (
    <>
      {authority !== null && <div>{texts.byAuthority(authority)}</div>}
      {sha256 !== null && <DigestText hex={sha256} isShort />}
      {spki !== null && <div class="mono">{spki}</div>}
      {uri !== null && <div class="mono">{uri}</div>}
    </>
  )
}
