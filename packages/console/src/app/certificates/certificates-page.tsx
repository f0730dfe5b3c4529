// Certificates: twelve months as a drawing, and the list by which ends next.
import { useAsked } from '../api/use-asked.ts'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { useNow } from '../parts/use-now.ts'
import { DayTime } from '../parts/values.tsx'
import { sharedTexts } from '../texts/shared-texts.ts'
import { CertificateTag } from './certificate-tag.tsx'
import { certificateTexts } from './certificate-texts.ts'
import { type CertificateRow, CertificateTimeline } from './certificate-timeline.tsx'
import { renewalStart } from './renewal-window.ts'

const EVERY = 60_000

export function CertificatesPage() {
  const texts = certificateTexts()
  const now = useNow(EVERY)
  const { answer, refusal, at, again } = useAsked('GET /api/v1/certificates', {}, { every: EVERY })
  const columns: readonly Column<CertificateRow>[] = [
    {
      title: texts.use,
      cell: ({ uses, fingerprint }) => <a href={`/certificates/${fingerprint}`}>{uses.join(', ')}</a>,
    },
    { title: texts.subject, cell: ({ subject }) => subject },
    { title: texts.state, isNarrow: true, cell: row => <CertificateTag certificate={row} now={now} /> },
    { title: texts.due, isNarrow: true, cell: row => <DayTime at={renewalStart(row).toISOString()} /> },
    { title: texts.to, isNarrow: true, cell: ({ validTo }) => <DayTime at={validTo} /> },
    { title: texts.left, isEnd: true, cell: ({ daysLeft }) => texts.days(daysLeft) },
  ]
  return (
    <>
      <h1>{texts.title}</h1>
      <p class="lead">{texts.lead}</p>
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {answer === undefined && refusal === undefined && <p class="muted">{sharedTexts().loading}</p>}
      {answer?.data.length === 0 && <p class="empty">{texts.empty}</p>}
      {answer !== undefined && answer.data.length > 0 && (
        <>
          <CertificateTimeline certificates={answer.data} now={now} />
          <Table caption={texts.title} columns={columns} rows={answer.data} keyOf={({ fingerprint }) => fingerprint} />
        </>
      )}
    </>
  )
}
