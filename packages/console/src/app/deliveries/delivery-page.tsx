// One delivery: where it stands, why, and what can be done.
import { actOnApi } from '../api/client.ts'
import { useAsked } from '../api/use-asked.ts'
import type { PageProps } from '../page.ts'
import { ActButtons, obstacleOf } from '../parts/act-buttons.tsx'
import { givenReason, useActing } from '../parts/acting.tsx'
import { OutcomeTag } from '../parts/outcome-tag.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { DigestText, FactList, FullTime } from '../parts/values.tsx'
import { useLocation } from '../preact.ts'
import { formatSize } from '../texts/formats.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import { DeliveryAttempts } from './delivery-attempts.tsx'
import { deliveryTexts } from './delivery-texts.ts'

const EVERY = 5000

export function DeliveryPage({ params }: PageProps) {
  const texts = deliveryTexts()
  const { route } = useLocation()
  const entry = Number(params.entry)
  const { answer, refusal, at, again } = useAsked(
    'GET /api/v1/deliveries/{entry}',
    { path: { entry } },
    { every: EVERY },
  )
  const acting = useActing(again)
  const name = answer?.document ?? texts.one(entry)
  const timeOf = (time: string | null) => time && <FullTime at={time} />
  return (
    <>
      <h1>{name}</h1>
      {acting.view}
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {answer !== undefined && (
        <>
          <p class="lead">
            <OutcomeTag outcome={answer.state} />
            {answer.isOnItsWay && ` ${texts.onItsWay}`}
          </p>
          <ActButtons
            acts={[
              {
                verb: texts.retry,
                of: name,
                isFirst: true,
                obstacle: obstacleOf(answer.acts, 'retry'),
                begin: () =>
                  acting.begin({
                    title: texts.retryTitle(name),
                    verb: texts.retry,
                    lead: <p>{texts.retryLead}</p>,
                    perform: async (given, key) => {
                      const asking = { path: { entry }, body: { why: givenReason(given) } }
                      const queued = await actOnApi('POST /api/v1/deliveries/{entry}/retry', asking, key)
                      // One that has ended is another entry now.
                      if (queued.entry !== entry) route(`/deliveries/${queued.entry}`)
                      return texts.retried(name, queued.entry)
                    },
                  }),
              },
              {
                verb: texts.cancel,
                of: name,
                obstacle: obstacleOf(answer.acts, 'cancel'),
                begin: () =>
                  acting.begin({
                    title: texts.cancelTitle(name),
                    verb: texts.cancelIt,
                    lead: <p>{texts.cancelLead}</p>,
                    perform: async (given, key) => {
                      const asking = { path: { entry }, body: { why: givenReason(given) } }
                      await actOnApi('POST /api/v1/deliveries/{entry}/cancel', asking, key)
                      return texts.cancelled(name)
                    },
                  }),
              },
            ]}
          />
          <FactList
            rows={[
              [texts.reason, answer.code && <a href={`/help/${answer.code}`}>{answer.code}</a>],
              [texts.found, answer.detail],
              [texts.since, timeOf(answer.reasonAt)],
              [texts.partner, answer.partner],
              [texts.receiver, answer.receiver],
              [texts.tries, answer.tries],
              [texts.nextTry, timeOf(answer.nextTry)],
              [texts.queuedAt, timeOf(answer.queuedAt)],
              [texts.expiresAt, timeOf(answer.expiresAt)],
              [texts.settledAt, timeOf(answer.settledAt)],
              [texts.file, answer.file],
              [texts.size, `${formatSize(answer.bytes)} (${sharedTexts().bytes(answer.bytes)})`],
              [texts.digest, <DigestText key="digest" hex={answer.sha256} />],
            ]}
          />
          <DeliveryAttempts entry={entry} tries={answer.tries} />
        </>
      )}
      <p>
        <a href="/deliveries">{texts.all}</a>
      </p>
    </>
  )
}
