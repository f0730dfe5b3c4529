// API keys: what there is, a new one, which is shown once, and the end of one.
import { type AnswerOf, actOnApi } from '../api/client.ts'
import { useAsked } from '../api/use-asked.ts'
import { ActButtons, findRoleObstacle } from '../parts/act-buttons.tsx'
import { type Acting, useActing } from '../parts/acting.tsx'
import { Command } from '../parts/command.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { DayTime } from '../parts/values.tsx'
import { useState } from '../preact.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import { accessTexts } from './access-texts.ts'
import { NewKeyFields } from './new-key-fields.tsx'
import { SettingTabs } from './setting-tabs.tsx'

type Key = AnswerOf<'GET /api/v1/api-keys'>['data'][number]

const looks: Readonly<Record<string, string>> = { active: 'accepted' }

export function ApiKeysPage() {
  const texts = accessTexts()
  const { roles } = sharedTexts()
  const [shown, setShown] = useState<string | undefined>(undefined)
  const { answer, refusal, at, again } = useAsked('GET /api/v1/api-keys', {})
  const acting = useActing(again)
  const columns: readonly Column<Key>[] = [
    { title: texts.name, cell: ({ name }) => name },
    { title: texts.role, cell: ({ role }) => roles[role] ?? role },
    {
      title: texts.state,
      isNarrow: true,
      cell: ({ state }) => <span class={`tag ${looks[state] ?? ''}`}>{texts.states[state] ?? state}</span>,
    },
    { title: texts.madeBy, cell: ({ madeBy }) => madeBy },
    { title: texts.made, isNarrow: true, cell: ({ madeAt }) => <DayTime at={madeAt} /> },
    {
      title: texts.used,
      isNarrow: true,
      cell: ({ usedAt }) => (usedAt === null ? <span class="muted">{texts.never}</span> : <DayTime at={usedAt} />),
    },
    { title: texts.until, isNarrow: true, cell: ({ expiresAt }) => <DayTime at={expiresAt} /> },
    { title: texts.acts, cell: key => <ActButtons acts={[revokeAct(key, acting)]} /> },
  ]
  return (
    <>
      <h1>{texts.keys}</h1>
      <SettingTabs />
      {acting.view}
      {shown !== undefined && (
        <div class="notice waiting">
          <p>
            <strong>{texts.shownOnce}</strong>
          </p>
          <Command text={shown} />
          <p class="beside">
            <button type="button" class="button" onClick={() => setShown(undefined)}>
              {texts.hide}
            </button>
          </p>
        </div>
      )}
      <p class="lead">{texts.keysLead}</p>
      <ActButtons acts={[makeAct(acting, setShown)]} />
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {answer?.data.length === 0 && (
        <div class="empty">
          <p>{texts.noKeys}</p>
          <Command text="pnpm --filter receiver console keys add --name monitoring --role viewer" />
        </div>
      )}
      {answer !== undefined && answer.data.length > 0 && (
        <Table caption={texts.keys} columns={columns} rows={answer.data} keyOf={({ id }) => id} />
      )}
    </>
  )
}

function makeAct(acting: Acting, show: (key: string) => void) {
  const texts = accessTexts()
  return {
    verb: texts.make,
    isFirst: true,
    obstacle: findRoleObstacle('access.act'),
    begin: () =>
      acting.begin({
        title: texts.makeTitle,
        verb: texts.makeIt,
        lead: <p>{texts.makeLead}</p>,
        fields: <NewKeyFields />,
        isWithoutReason: true,
        perform: async (given, key) => {
          const name = String(given.get('name')).trim()
          const body = { name, role: String(given.get('role')), days: Number(given.get('days')) }
          const made = await actOnApi('POST /api/v1/api-keys', { body }, key)
          show(made.key)
          return texts.madeIt(name)
        },
      }),
  }
}

function revokeAct({ id, name, state }: Key, acting: Acting) {
  const texts = accessTexts()
  const hindered = state === 'revoked' ? texts.isRevoked : state === 'expired' ? texts.isExpired : undefined
  return {
    verb: texts.revoke,
    of: name,
    obstacle: findRoleObstacle('access.act') ?? hindered,
    begin: () =>
      acting.begin({
        title: texts.revokeTitle(name),
        verb: texts.revoke,
        lead: <p>{texts.revokeLead}</p>,
        isWithoutReason: true,
        perform: async (_given, key) => {
          await actOnApi('DELETE /api/v1/api-keys/{id}', { path: { id } }, key)
          return texts.revoked(name)
        },
      }),
  }
}
