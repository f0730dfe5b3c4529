// Certificates: twelve months as a drawing, and the list by which ends next.
import { useAsked } from '../api/use-asked.ts'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { useNow } from '../parts/use-now.ts'
import { DayTime } from '../parts/values.tsx'
import { formatTime } from '../texts/formats.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import { CertificateTag } from './certificate-tag.tsx'
import { certificateTexts, usesInWords } from './certificate-texts.ts'
import { type CertificateRow, CertificateTimeline } from './certificate-timeline.tsx'
import { renewalTexts } from './renewal-texts.ts'
import { renewalStart } from './renewal-window.ts'

const EVERY = 60_000

export function CertificatesPage() {
  const texts = certificateTexts()
  const now = useNow(EVERY)
  const { answer, refusal, at, again } = useAsked('GET /api/v1/certificates', {}, { every: EVERY })
  const columns: readonly Column<CertificateRow>[] = [
    {
      title: texts.use,
      cell: ({ uses, fingerprint }) => <a href={`/certificates/${fingerprint}`}>{usesInWords(uses)}</a>,
    },
    { title: texts.subject, cell: ({ subject }) => subject },
    { title: texts.state, isNarrow: true, cell: row => <CertificateTag certificate={row} now={now} /> },
    { title: texts.due, isNarrow: true, cell: row => <DayTime at={renewalStart(row).toISOString()} /> },
    { title: texts.to, isNarrow: true, cell: ({ validTo }) => <DayTime at={validTo} /> },
    {
      title: texts.left,
      isEnd: true,
      cell: ({ daysLeft }) => (daysLeft < 0 ? texts.ago(-daysLeft) : texts.days(daysLeft)),
    },
  ]
  return (
    <>
      <h1>{texts.title}</h1>
      <p class="lead">{texts.lead}</p>
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      <div class="buttons">
        <a class="button" href="/certificates/revoke">
          {renewalTexts().revoke}
        </a>
      </div>
      <WaitingRequests />
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

/** On top: what somebody has begun, and has not ended. */
function WaitingRequests() {
  const texts = renewalTexts()
  const { answer } = useAsked('GET /api/v1/renewals', {}, { every: EVERY })
  const waiting = (answer?.data ?? []).filter(({ request }) => request !== null)
  if (waiting.length === 0) return null
  return (
    <section class="section" aria-labelledby="waiting">
      <h2 id="waiting">{texts.waits}</h2>
      <ul>
        {waiting.map(({ use, request }) => (
          <li key={use}>
            <a href={`/certificates/renew/${use}`}>{usesInWords([use])}</a>{' '}
            <span class="muted">{request !== null && texts.since(formatTime(new Date(request.madeAt)))}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
