// One record of the audit trail: who, on what, why, and each field before and after.
import { useAsked } from '../api/use-asked.ts'
import type { PageProps } from '../page.ts'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { FactList, FullTime } from '../parts/values.tsx'
import { sharedTexts } from '../texts/shared-texts.ts'
import { AuditTag } from './audit-tag.tsx'
import { auditTexts } from './audit-texts.ts'
import { ChangeTable } from './change-table.tsx'
import { type ReadRecord, readAuditRecord } from './read-record.ts'

export function RecordPage({ params }: PageProps) {
  const texts = auditTexts()
  const { roles } = sharedTexts()
  const asking = { path: { record: params.record ?? '' } }
  const { answer, refusal, at, again } = useAsked('GET /api/v1/audit/{record}', asking)
  const record = answer && readAuditRecord(answer.record)
  return (
    <>
      <h1>{record?.action ?? texts.title}</h1>
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {answer !== undefined && record !== undefined && (
        <>
          <p class="lead">
            <AuditTag outcome={record.outcome} /> {texts.record(answer.number)}
          </p>
          <FactList
            rows={[
              [texts.time, <FullTime key="at" at={record.at} />],
              [texts.who, record.actor.id],
              [texts.role, roles[record.actor.role] ?? record.actor.role],
              [texts.method, record.actor.method],
              [texts.from, record.from.join(', ')],
              [texts.on, `${record.on.kind} ${record.on.id}`],
              [texts.why, record.why],
              [
                texts.failed,
                record.reason.code && (
                  <>
                    <a href={`/help/${record.reason.code}`}>{record.reason.code}</a> {record.reason.detail}
                  </>
                ),
              ],
              [texts.category, record.category],
              [
                texts.intent,
                record.intent && (
                  <a class="mono" href={`/audit/${record.intent}`}>
                    {record.intent}
                  </a>
                ),
              ],
            ]}
          />
          <Changes record={record} />
          <section class="section" aria-labelledby="raw">
            <h2 id="raw">{texts.raw}</h2>
            <FactList
              rows={[
                [
                  texts.leaf,
                  answer.leaf === null ? (
                    texts.notInLog
                  ) : (
                    <a href={`/log/${answer.leaf}`}>{texts.entry(answer.leaf)}</a>
                  ),
                ],
                [
                  texts.digest,
                  <span key="digest" class="mono">
                    {answer.digest}
                  </span>,
                ],
              ]}
            />
            <pre class="record">{JSON.stringify(answer.record, null, 2)}</pre>
          </section>
        </>
      )}
      <p class="beside">
        <a href="/audit">{texts.all}</a>
      </p>
    </>
  )
}

function Changes({ record: { change, outcome } }: { readonly record: ReadRecord }) {
  const texts = auditTexts()
  return (
    <section class="section" aria-labelledby="changes">
      <h2 id="changes">{texts.changes}</h2>
      {change.length === 0 ? (
        <p class="muted">{outcome === 'pending' ? texts.notYet : texts.noChanges}</p>
      ) : (
        <ChangeTable caption={texts.changes} changes={change} />
      )}
    </section>
  )
}
