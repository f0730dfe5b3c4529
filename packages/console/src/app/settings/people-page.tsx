// Persons who may log in with a certificate, and what each may do.
import { type AnswerOf, ApiRefusal, actOnApi, askVersion } from '../api/client.ts'
import { useAsked } from '../api/use-asked.ts'
import { ActButtons, findRoleObstacle, type OfferedAct } from '../parts/act-buttons.tsx'
import { type Acting, givenReason, useActing } from '../parts/acting.tsx'
import { Command } from '../parts/command.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { useId } from '../preact.ts'
import { me } from '../session.ts'
import { formatCount } from '../texts/formats.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import { peopleTexts } from './people-texts.ts'
import { SettingTabs } from './setting-tabs.tsx'

type Person = AnswerOf<'GET /api/v1/people'>['data'][number]

const EXAMPLE = 'people: [{ id: jane, role: operator, certificates: [{ subject: { CN: jane } }] }]'

export function PeoplePage() {
  const texts = peopleTexts()
  const { roles } = sharedTexts()
  const { answer, refusal, at, again } = useAsked('GET /api/v1/people', {})
  const acting = useActing(again)
  const columns: readonly Column<Person>[] = [
    { title: texts.id, cell: ({ id }) => <span class="mono">{id}</span> },
    { title: texts.name, cell: ({ name }) => name },
    { title: texts.role, cell: ({ role }) => roles[role] ?? role },
    {
      title: texts.state,
      isNarrow: true,
      cell: ({ state }) => <span class={state === 'active' ? 'tag accepted' : 'tag'}>{texts.states[state]}</span>,
    },
    { title: texts.certificates, isEnd: true, cell: ({ certificates }) => formatCount(certificates) },
    { title: texts.acts, cell: person => <ActButtons acts={actsOn(person, acting)} /> },
  ]
  return (
    <>
      <h1>{texts.title}</h1>
      <SettingTabs />
      {acting.view}
      <p class="lead">{texts.lead}</p>
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {answer?.data.length === 0 && (
        <div class="empty">
          <p>{texts.empty}</p>
          <Command text={EXAMPLE} />
        </div>
      )}
      {answer !== undefined && answer.data.length > 0 && (
        <Table caption={texts.title} columns={columns} rows={answer.data} keyOf={({ id }) => id} />
      )}
    </>
  )
}

function actsOn(person: Person, acting: Acting): readonly OfferedAct[] {
  const texts = peopleTexts()
  const { id, state } = person
  const obstacle = findRoleObstacle('access.act') ?? (id === me.value?.id ? texts.oneself : undefined)
  const change = async (to: { readonly role?: string; readonly state?: Person['state'] }, why: string, key: string) => {
    const path = { id }
    const { answer, version } = await askVersion('GET /api/v1/people/{id}', { path })
    if (answer.role !== person.role || answer.state !== person.state)
      throw new ApiRefusal({ status: 412, code: 'version-changed', detail: texts.changedMeanwhile })
    await actOnApi('PATCH /api/v1/people/{id}', { path, body: { ...to, why } }, key, version)
    return texts.changed(id)
  }
  return [
    {
      verb: texts.changeRole,
      of: id,
      obstacle,
      begin: () =>
        acting.begin({
          title: texts.changeRoleTitle(id),
          verb: texts.changeRole,
          fields: <RoleField role={person.role} />,
          perform: (given, key) => change({ role: String(given.get('role')) }, givenReason(given), key),
        }),
    },
    state === 'active'
      ? {
          verb: texts.disable,
          of: id,
          obstacle,
          begin: () =>
            acting.begin({
              title: texts.disableTitle(id),
              verb: texts.disable,
              lead: <p>{texts.disableLead}</p>,
              perform: (given, key) => change({ state: 'disabled' }, givenReason(given), key),
            }),
        }
      : {
          verb: texts.enable,
          of: id,
          obstacle,
          begin: () =>
            acting.begin({
              title: texts.enableTitle(id),
              verb: texts.enable,
              perform: (given, key) => change({ state: 'active' }, givenReason(given), key),
            }),
        },
  ]
}

function RoleField({ role }: { readonly role: string }) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{peopleTexts().role}</label>
      <select id={id} name="role">
        {Object.entries(sharedTexts().roles).map(([name, words]) => (
          <option key={name} value={name} selected={name === role}>
            {words}
          </option>
        ))}
      </select>
    </div>
  )
}
