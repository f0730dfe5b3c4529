// One dead letter: why each target did not take the document, what was decided, and each try.
import type { ApiSchemas } from '../api/api-types.ts'
import { useAsked } from '../api/use-asked.ts'
import type { PageProps } from '../page.ts'
import { ActButtons } from '../parts/act-buttons.tsx'
import { useActing } from '../parts/acting.tsx'
import { OutcomeTag } from '../parts/outcome-tag.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { Table } from '../parts/table.tsx'
import { DayTime, DigestText, FactList, FullTime } from '../parts/values.tsx'
import { formatSize } from '../texts/formats.ts'
import { handOffTexts } from './hand-off-texts.ts'
import { LetterTag, offerLetterActs } from './letter-acts.tsx'

const EVERY = 5000

export function DeadLetterPage({ params }: PageProps) {
  const texts = handOffTexts()
  const index = Number(params.index)
  const { answer, refusal, at, again } = useAsked(
    'GET /api/v1/dead-letters/{index}',
    { path: { index } },
    { every: EVERY },
  )
  const acting = useActing(again)
  return (
    <>
      <h1>{answer?.data[0]?.document ?? texts.dead(index)}</h1>
      {acting.view}
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {answer !== undefined && (
        <>
          <ActButtons acts={offerLetterActs(answer.data, acting)} />
          {answer.data.map(letter => (
            <LetterFacts key={letter.target} letter={letter} />
          ))}
          <section class="section" aria-labelledby="tries">
            <h2 id="tries">{texts.tries}</h2>
            {answer.tries.length === 0 ? (
              <p class="muted">{texts.noTries}</p>
            ) : (
              <Table
                caption={texts.tries}
                rows={answer.tries}
                keyOf={({ id }) => id}
                columns={[
                  { title: texts.tried, isNarrow: true, cell: ({ at }) => <DayTime at={at} /> },
                  { title: texts.target, cell: ({ target }) => target },
                  { title: texts.outcome, cell: ({ outcome }) => <OutcomeTag outcome={outcome} /> },
                  { title: texts.reason, cell: ({ detail }) => detail },
                ]}
              />
            )}
          </section>
        </>
      )}
      <p>
        <a href="/hand-off">{texts.all}</a>
      </p>
    </>
  )
}

function LetterFacts({ letter }: { readonly letter: ApiSchemas['DeadLetter'] }) {
  const texts = handOffTexts()
  const timeOf = (time: string | null) => time && <FullTime at={time} />
  return (
    <section aria-label={letter.target}>
      <h2>{letter.target}</h2>
      <FactList
        rows={[
          [texts.state, <LetterTag key="state" state={letter.state} />],
          [texts.reason, letter.reason],
          [texts.time, timeOf(letter.at)],
          [texts.decidedBy, letter.decidedBy],
          [texts.decidedAt, timeOf(letter.decidedAt)],
          [texts.decidedWhy, letter.decidedWhy],
          [texts.retries, letter.retries === 0 ? null : letter.retries],
          [texts.retriedAt, timeOf(letter.retriedAt)],
          [texts.retryReason, letter.retryReason],
          [texts.partner, letter.partner],
          [texts.accepted, timeOf(letter.acceptedAt)],
          [texts.size, formatSize(letter.bytes)],
          [texts.digest, <DigestText key="digest" hex={letter.sha256} />],
          [
            texts.entry,
            <a key="entry" href={`/documents/in/${letter.index}`}>
              {texts.entryLink(letter.index)}
            </a>,
          ],
        ]}
      />
    </section>
  )
}
