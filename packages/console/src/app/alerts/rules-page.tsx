// Rules: what is watched, and which of them nobody is notified of.
import type { ApiSchemas } from '../api/api-types.ts'
import { useAsked } from '../api/use-asked.ts'
import { ActButtons } from '../parts/act-buttons.tsx'
import { useActing } from '../parts/acting.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { formatSpan, formatTime } from '../texts/formats.ts'
import { AlertTabs } from './alert-tabs.tsx'
import { alertTexts } from './alert-texts.ts'
import { offerMute, offerUnmute } from './mute-rule.tsx'
import { ruleInWords } from './rule-texts.ts'

export function RulesPage() {
  const texts = alertTexts()
  const { answer, refusal, at, again } = useAsked('GET /api/v1/alert-rules', {})
  const acting = useActing(again)
  const columns: readonly Column<ApiSchemas['AlertRule']>[] = [
    {
      title: texts.rule,
      cell: ({ name, summary, impact, expression, mutedUntil, mutedBy, mutedWhy }) => (
        <>
          <span class="mono">{name}</span>
          <br />
          {ruleInWords({ rule: name, summary, impact }).summary}
          <br />
          <code class="muted">{expression}</code>
          {mutedUntil !== null && (
            <>
              <br />
              <span class="tag waiting">
                {texts.mutedUntil(formatTime(new Date(mutedUntil)), mutedBy ?? '', mutedWhy ?? '')}
              </span>
            </>
          )}
        </>
      ),
    },
    {
      title: texts.severity,
      cell: ({ severity, security }) =>
        `${texts.severities[severity] ?? severity}${security ? `, ${texts.security}` : ''}`,
    },
    {
      title: texts.after,
      isNarrow: true,
      cell: ({ after }) => (after === 0 ? texts.atOnce : formatSpan(after * 1000)),
    },
    {
      title: texts.acts,
      cell: ({ name, mutedUntil }) => (
        <ActButtons
          acts={[mutedUntil === null ? offerMute(name, mutedUntil, acting) : offerUnmute(name, mutedUntil, acting)]}
        />
      ),
    },
  ]
  return (
    <>
      <h1>{texts.rules}</h1>
      <AlertTabs />
      {acting.view}
      <p class="lead">{texts.rulesLead}</p>
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {answer !== undefined && (
        <Table caption={texts.rules} columns={columns} rows={answer.data} keyOf={({ name }) => name} />
      )}
    </>
  )
}
