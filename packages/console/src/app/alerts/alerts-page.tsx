// Alerts: what fires, what it means, what to type first, and who takes care of it.
import type { ApiSchemas } from '../api/api-types.ts'
import { actOnApi } from '../api/client.ts'
import { useAsked } from '../api/use-asked.ts'
import type { PageProps } from '../page.ts'
import { ActButtons, findRoleObstacle } from '../parts/act-buttons.tsx'
import { type Acting, givenReason, useActing } from '../parts/acting.tsx'
import { Command } from '../parts/command.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { useNow } from '../parts/use-now.ts'
import { FactList } from '../parts/values.tsx'
import { formatAgo, formatTime } from '../texts/formats.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import { AlertTabs } from './alert-tabs.tsx'
import { alertTexts } from './alert-texts.ts'
import { offerMute } from './mute-rule.tsx'
import { ruleInWords } from './rule-texts.ts'

type Alert = ApiSchemas['Alert']

const EVERY = 10_000
const order = ['firing', 'pending', 'resolved']
const looks: Readonly<Record<string, string>> = { firing: 'refused', pending: 'waiting', resolved: 'accepted' }

export function AlertsPage() {
  const texts = alertTexts()
  const { answer, refusal, at, again } = useAsked('GET /api/v1/alerts', {}, { every: EVERY })
  const acting = useActing(again)
  const alerts = answer && [...answer.data].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
  return (
    <>
      <h1>{texts.title}</h1>
      <AlertTabs />
      {acting.view}
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {alerts?.length === 0 && (
        <div class="empty">
          <p>{texts.empty}</p>
        </div>
      )}
      {alerts?.map(alert => (
        <AlertBox key={alert.id} alert={alert} acting={acting} isLink />
      ))}
      {alerts === undefined && refusal === undefined && <p class="muted">{sharedTexts().loading}</p>}
    </>
  )
}

export function AlertPage({ params }: PageProps) {
  const texts = alertTexts()
  const asking = { path: { id: params.id ?? '' } }
  const { answer, refusal, at, again } = useAsked('GET /api/v1/alerts/{id}', asking, { every: EVERY })
  const acting = useActing(again)
  return (
    <>
      <h1>{answer === undefined ? texts.title : ruleInWords(answer).summary}</h1>
      <AlertTabs />
      {acting.view}
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {answer !== undefined && <AlertBox alert={answer} acting={acting} />}
      <p>
        <a href="/alerts">{texts.all}</a>
      </p>
    </>
  )
}

type BoxProps = { readonly alert: Alert; readonly acting: Acting; readonly isLink?: boolean }

function AlertBox({ alert, acting, isLink = false }: BoxProps) {
  const texts = alertTexts()
  const now = useNow(EVERY)
  const { id, state, since, severity, security, acknowledgedBy, mutedUntil, mutedBy, mutedWhy } = alert
  const { summary, impact } = ruleInWords(alert)
  const ago = formatAgo(new Date(since), now)
  const labels = Object.entries(alert.labels).map(([name, value]) => `${name} ${value}`)
  return (
    <article class="group" aria-labelledby={`alert-${id}`}>
      <h2 id={`alert-${id}`}>{isLink ? <a href={`/alerts/${id}`}>{summary}</a> : alert.rule}</h2>
      <p>
        <span class={`tag ${looks[state] ?? ''}`}>{texts.states[state] ?? state}</span>{' '}
        {state === 'resolved' ? texts.over(ago) : texts.since(ago)}
        {` · ${texts.severities[severity] ?? severity}`}
        {security && ` · ${texts.security}`}
      </p>
      <FactList
        rows={[
          [texts.labels, labels.join(', ')],
          [texts.impact, impact],
          [texts.command, <Command key="command" text={alert.command} />],
          [texts.value, String(alert.value)],
        ]}
      />
      {acknowledgedBy !== null && <p>{texts.acknowledged(acknowledgedBy)}</p>}
      {mutedUntil !== null && (
        <p>{texts.mutedUntil(formatTime(new Date(mutedUntil)), mutedBy ?? '', mutedWhy ?? '')}</p>
      )}
      <p class="beside">
        <ActButtons acts={[acknowledgeAct(alert, acting), offerMute(alert.rule, mutedUntil, acting)]} />
      </p>
    </article>
  )
}

function acknowledgeAct(alert: Alert, acting: Acting) {
  const texts = alertTexts()
  const { id, state, acknowledgedBy } = alert
  const { summary } = ruleInWords(alert)
  const hindered =
    state !== 'firing' ? texts.notFiring : acknowledgedBy !== null ? texts.acknowledgedAlready : undefined
  return {
    verb: texts.acknowledge,
    of: summary,
    obstacle: findRoleObstacle('alerts.act') ?? hindered,
    begin: () =>
      acting.begin({
        title: texts.acknowledgeTitle(summary),
        verb: texts.acknowledge,
        lead: <p>{texts.acknowledgeLead}</p>,
        perform: async (given, key) => {
          const asking = { path: { id }, body: { why: givenReason(given) } }
          await actOnApi('POST /api/v1/alerts/{id}/acknowledge', asking, key)
          return texts.acknowledgedDone(summary)
        },
      }),
  }
}
