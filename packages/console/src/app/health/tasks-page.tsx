// Long work that operators asked for, one at a time: backups and diagnoses, with what came of each.
import type { ApiSchemas } from '../api/api-types.ts'
import { type AnswerOf, actOnApi } from '../api/client.ts'
import { useAsked } from '../api/use-asked.ts'
import { ActButtons, findRoleObstacle, type OfferedAct, obstacleOf } from '../parts/act-buttons.tsx'
import { type Acting, givenReason, useActing } from '../parts/acting.tsx'
import { Command } from '../parts/command.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { useNow } from '../parts/use-now.ts'
import { DayTime } from '../parts/values.tsx'
import { useEffect } from '../preact.ts'
import { formatCount, formatSpan } from '../texts/formats.ts'
import { HealthTabs } from './health-tabs.tsx'
import { TaskResult } from './task-result.tsx'
import { taskTexts } from './task-texts.ts'

type Task = ApiSchemas['Task']
type Backups = AnswerOf<'GET /api/v1/backups'>

const EVERY = 5000

export function TasksPage() {
  const texts = taskTexts()
  const tasks = useAsked('GET /api/v1/tasks', {}, { every: EVERY })
  const backups = useAsked('GET /api/v1/backups', {})
  const again = () => {
    tasks.again()
    backups.again()
  }
  const acting = useActing(again)
  const latest = tasks.answer?.data[0]?.endedAt
  // A backup that has ended is in the list.
  useEffect(backups.again, [latest, backups.again])
  return (
    <>
      <h1>{texts.title}</h1>
      <HealthTabs />
      {acting.view}
      <p class="lead">{texts.lead}</p>
      {tasks.refusal !== undefined && <RefusalNotice refusal={tasks.refusal} again={again} since={tasks.at} />}
      <ActButtons acts={beginnings(backups.answer, acting)} />
      <section class="section" aria-labelledby="tasks">
        <h2 id="tasks">{texts.tasks}</h2>
        {tasks.answer?.data.length === 0 && <p class="empty">{texts.empty}</p>}
        {tasks.answer !== undefined && tasks.answer.data.length > 0 && (
          <Table caption={texts.tasks} columns={taskColumns(acting)} rows={tasks.answer.data} keyOf={({ id }) => id} />
        )}
      </section>
      <section class="section" aria-labelledby="backups">
        <h2 id="backups">{texts.backups}</h2>
        {backups.answer !== undefined && <BackupList backups={backups.answer} />}
      </section>
    </>
  )
}

function beginnings(backups: Backups | undefined, acting: Acting): readonly OfferedAct[] {
  const texts = taskTexts()
  return [
    {
      verb: texts.backup,
      obstacle: backups === undefined ? texts.loading : obstacleOf(backups.acts, 'backup'),
      begin: () =>
        acting.begin({
          title: texts.backup,
          verb: texts.begin,
          lead: <p>{texts.backupLead}</p>,
          perform: async (given, key) => {
            await actOnApi('POST /api/v1/backups', { body: { why: givenReason(given) } }, key)
            return texts.begun
          },
        }),
    },
    {
      verb: texts.diagnose,
      obstacle: findRoleObstacle('tasks.act'),
      begin: () =>
        acting.begin({
          title: texts.diagnose,
          verb: texts.begin,
          lead: <p>{texts.diagnoseLead}</p>,
          perform: async (given, key) => {
            await actOnApi('POST /api/v1/diagnose', { body: { why: givenReason(given) } }, key)
            return texts.begun
          },
        }),
    },
  ]
}

const tags: Readonly<Record<Task['state'], string>> = {
  running: 'tag',
  done: 'tag accepted',
  failed: 'tag refused',
  cancelled: 'tag waiting',
  interrupted: 'tag waiting',
}

function taskColumns(acting: Acting): readonly Column<Task>[] {
  const texts = taskTexts()
  return [
    { title: texts.begunAt, isNarrow: true, cell: ({ at }) => <DayTime at={at} /> },
    { title: texts.kind, isNarrow: true, cell: ({ kind }) => texts.kinds[kind] },
    { title: texts.by, cell: ({ by }) => by },
    { title: texts.state, isNarrow: true, cell: ({ state }) => <span class={tags[state]}>{texts.states[state]}</span> },
    { title: texts.took, isEnd: true, cell: task => <Took task={task} /> },
    { title: texts.result, cell: task => <TaskResult task={task} /> },
    { title: texts.acts, cell: task => <ActButtons acts={[cancelAct(task, acting)]} /> },
  ]
}

function Took({ task: { at, endedAt } }: { readonly task: Task }) {
  const now = useNow(1000).getTime()
  const end = endedAt === null ? now : Date.parse(endedAt)
  return <>{formatSpan(Math.max(0, end - Date.parse(at)))}</>
}

function cancelAct({ id, kind, acts }: Task, acting: Acting): OfferedAct {
  const texts = taskTexts()
  const of = texts.kinds[kind] ?? kind
  return {
    verb: texts.cancel,
    of,
    obstacle: obstacleOf(acts, 'cancel'),
    begin: () =>
      acting.begin({
        title: texts.cancelTitle(of),
        verb: texts.cancel,
        lead: <p>{texts.cancelLead}</p>,
        perform: async (given, key) => {
          await actOnApi('POST /api/v1/tasks/{id}/cancel', { path: { id }, body: { why: givenReason(given) } }, key)
          return texts.cancelled
        },
      }),
  }
}

function BackupList({ backups: { folder, data } }: { readonly backups: Backups }) {
  const texts = taskTexts()
  if (folder === null || data.length === 0)
    return (
      <div class="empty">
        <p>{folder === null ? texts.noFolder : texts.noBackups}</p>
        <Command text={folder === null ? 'backups: /var/backups/seg' : 'pnpm --filter receiver backup'} />
      </div>
    )
  return (
    <Table
      caption={texts.backups}
      rows={data}
      keyOf={({ name }) => name}
      columns={[
        { title: texts.made, isNarrow: true, cell: ({ at }) => at && <DayTime at={at} /> },
        { title: texts.folder, cell: ({ name }) => <span class="mono">{name}</span> },
        { title: texts.entries, isEnd: true, cell: ({ entries }) => entries !== null && formatCount(entries) },
        { title: texts.documents, isEnd: true, cell: ({ documents }) => documents !== null && formatCount(documents) },
        {
          title: texts.state,
          cell: ({ problem }) =>
            problem === null ? (
              <span class="tag accepted">{texts.whole}</span>
            ) : (
              <span class="tag refused">{problem}</span>
            ),
        },
      ]}
    />
  )
}
