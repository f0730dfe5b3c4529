// Sessions: who is logged in, and how to end that.
import { type AnswerOf, actOnApi } from '../api/client.ts'
import { useAsked } from '../api/use-asked.ts'
import { ActButtons, findRoleObstacle } from '../parts/act-buttons.tsx'
import { type Acting, useActing } from '../parts/acting.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { DayTime } from '../parts/values.tsx'
import { me } from '../session.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import { accessTexts } from './access-texts.ts'
import { SettingTabs } from './setting-tabs.tsx'

type Session = AnswerOf<'GET /api/v1/sessions'>['data'][number]

const EVERY = 15_000

export function SessionsPage() {
  const texts = accessTexts()
  const { roles } = sharedTexts()
  const { answer, refusal, at, again } = useAsked('GET /api/v1/sessions', {}, { every: EVERY })
  const acting = useActing(again)
  const columns: readonly Column<Session>[] = [
    {
      title: texts.who,
      cell: ({ id, actor }) => (
        <>
          {actor} {isOwn(id) && <span class="tag">{texts.own}</span>}
        </>
      ),
    },
    { title: texts.role, cell: ({ role }) => roles[role] ?? role },
    { title: texts.method, cell: ({ method }) => method },
    { title: texts.address, cell: ({ address }) => <span class="mono">{address}</span> },
    { title: texts.since, isNarrow: true, cell: ({ madeAt }) => <DayTime at={madeAt} /> },
    { title: texts.seen, isNarrow: true, cell: ({ seenAt }) => <DayTime at={seenAt} /> },
    { title: texts.until, isNarrow: true, cell: ({ expiresAt }) => <DayTime at={expiresAt} /> },
    { title: texts.acts, cell: session => <ActButtons acts={[endAct(session, acting)]} /> },
  ]
  return (
    <>
      <h1>{texts.sessions}</h1>
      <SettingTabs />
      {acting.view}
      <p class="lead">{texts.sessionsLead}</p>
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {answer?.data.length === 0 && <p class="empty">{texts.noSessions}</p>}
      {answer !== undefined && answer.data.length > 0 && (
        <Table caption={texts.sessions} columns={columns} rows={answer.data} keyOf={({ id }) => id} />
      )}
    </>
  )
}

function isOwn(id: string): boolean {
  return me.value?.session === id
}

function endAct({ id, actor }: Session, acting: Acting) {
  const texts = accessTexts()
  return {
    verb: texts.end,
    of: actor,
    obstacle: findRoleObstacle('access.act'),
    begin: () =>
      acting.begin({
        title: texts.endTitle(actor),
        verb: texts.end,
        lead: <p>{isOwn(id) ? texts.endOwn : texts.endLead}</p>,
        isWithoutReason: true,
        perform: async (_given, key) => {
          await actOnApi('DELETE /api/v1/sessions/{id}', { path: { id } }, key)
          return texts.ended(actor)
        },
      }),
  }
}
