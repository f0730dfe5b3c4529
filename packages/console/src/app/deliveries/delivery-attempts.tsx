// The attempts of a delivery, the latest first, with those that are not recorded in their place.
import type { AnswerOf } from '../api/client.ts'
import { useAsked } from '../api/use-asked.ts'
import { OutcomeTag } from '../parts/outcome-tag.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { FullTime } from '../parts/values.tsx'
import { useEffect } from '../preact.ts'
import { formatDuration } from '../texts/formats.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import { deliveryTexts } from './delivery-texts.ts'

/** All that are kept of one delivery. */
const LIMIT = 200

type Answer = AnswerOf<'GET /api/v1/deliveries/{entry}/attempts'>
type Attempt = Answer['data'][number]
/** Attempts without a record, by their numbers. */
type Gap = { readonly from: number; readonly to: number }
type Row = Attempt | Gap

/** Asked for anew whenever there were more tries. */
export function DeliveryAttempts({ entry, tries }: { readonly entry: number; readonly tries: number }) {
  const texts = deliveryTexts()
  const { answer, refusal, at, again } = useAsked('GET /api/v1/deliveries/{entry}/attempts', {
    path: { entry },
    query: { limit: LIMIT },
  })
  useEffect(() => {
    if (answer !== undefined && answer.tries < tries) again()
  }, [answer, tries, again])
  return (
    <section aria-labelledby="attempts">
      <h2 id="attempts">{texts.tries}</h2>
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {answer === undefined && refusal === undefined && <p class="muted">{sharedTexts().loading}</p>}
      {answer?.tries === 0 && <p class="muted">{texts.noAttempts}</p>}
      {answer !== undefined && answer.tries > 0 && (
        <Table caption={texts.attempts} columns={columnsOf(texts)} rows={withGaps(answer)} keyOf={keyOf} />
      )}
      {answer !== undefined && answer.notRecorded > 0 && <p class="under">{texts.whyNotRecorded}</p>}
    </section>
  )
}

function columnsOf(texts: ReturnType<typeof deliveryTexts>): readonly Column<Row>[] {
  const ofAttempt = (cell: (attempt: Attempt) => ReturnType<Column<Row>['cell']>) => (row: Row) =>
    isGap(row) ? null : cell(row)
  return [
    { title: texts.attempt, isNarrow: true, cell: row => (isGap(row) ? numbersOf(row) : row.attempt) },
    {
      title: texts.began,
      isNarrow: true,
      cell: row => (isGap(row) ? sharedTexts().notRecorded : <FullTime at={row.startedAt} />),
    },
    { title: texts.took, isEnd: true, isNarrow: true, cell: ofAttempt(({ duration }) => formatDuration(duration)) },
    { title: texts.result, cell: ofAttempt(({ outcome }) => <OutcomeTag outcome={outcome} />) },
    { title: texts.status, isEnd: true, cell: ofAttempt(({ status }) => status) },
    { title: texts.reason, cell: ofAttempt(({ code }) => code && <a href={`/help/${code}`}>{code}</a>) },
    { title: texts.found, cell: ofAttempt(({ detail }) => detail) },
    { title: texts.address, cell: ofAttempt(({ address }) => address) },
    { title: texts.request, cell: ofAttempt(({ request }) => request && <span class="mono">{request}</span>) },
  ]
}

/** From the latest try down to the first. */
function withGaps({ data, tries }: Answer): readonly Row[] {
  const rows: Row[] = []
  let next = tries
  for (const attempt of data) {
    if (attempt.attempt < next) rows.push({ from: attempt.attempt + 1, to: next })
    rows.push(attempt)
    next = attempt.attempt - 1
  }
  if (next > 0) rows.push({ from: 1, to: next })
  return rows
}

function isGap(row: Row): row is Gap {
  return 'from' in row
}

function numbersOf({ from, to }: Gap): string {
  return from === to ? `${from}` : `${from}–${to}`
}

function keyOf(row: Row): number {
  return isGap(row) ? row.to : row.attempt
}
