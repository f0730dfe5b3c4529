// Tasks of operators, a backup or a diagnosis: their progress and their result.
import { join } from 'node:path'
import { asFault, Fault } from '@seg/core'
import { readBackupRecord, wholeBackups } from '@seg/ledger'
import { mayDo } from '../access/roles.ts'
import { obstacle } from '../acts/obstacles.ts'
import { Acts, possibleActs } from '../acts/possible-acts.ts'
import { actAs } from '../api/api-act.ts'
import type { ApiParts } from '../api/parts.ts'
import { type ApiRequest, operatorOf, route } from '../api/route.ts'
import { exactly, orNull, type Static, Time, Type, Why, wordOf } from '../api/schema.ts'
import type { Task, TaskKind, TaskState } from './task-store.ts'

const path = '/api/v1/tasks'
/** The latest backups that are listed. */
const SHOWN_BACKUPS = 200
const Id = exactly({ id: Type.String({ pattern: '^[0-9a-f-]{1,36}$' }) })
const Reason = exactly({ why: Why })

const TaskRow = exactly(
  {
    id: Type.String(),
    kind: wordOf<TaskKind>('backup', 'diagnosis'),
    state: wordOf<TaskState>('running', 'done', 'failed', 'cancelled', 'interrupted'),
    by: Type.String(),
    at: Time,
    endedAt: orNull(Time),
    progress: orNull(Type.String({ description: 'Its progress, as text for people.' })),
    result: orNull(Type.Object({}, { additionalProperties: true, description: 'As the command prints it.' })),
    reason: orNull(exactly({ code: Type.String(), detail: Type.String() })),
    acts: Acts,
  },
  'Task',
)

const BackupRow = exactly(
  {
    name: Type.String({ description: 'Of its folder.' }),
    at: orNull(Time),
    version: orNull(Type.String({ description: 'Of the program that made it.' })),
    entries: orNull(Type.Integer({ description: 'Of its log.' })),
    documents: orNull(Type.Integer()),
    problem: orNull(Type.String({ description: 'Why it is no whole backup.' })),
  },
  'Backup',
)

export const taskRoutes = [
  route({
    method: 'GET',
    path: '/api/v1/backups',
    permission: 'tasks.read',
    summary: 'Backups in the folder that `backups` of seg.yaml names, the newest 200 first.',
    response: exactly({ folder: orNull(Type.String()), data: Type.Array(BackupRow), acts: Acts }),
    handle: (request, { backups: folder }) => ({
      folder: folder ?? null,
      data:
        folder === undefined ? [] : wholeBackups(folder).toReversed().slice(0, SHOWN_BACKUPS).map(backupRow(folder)),
      acts: possibleActs(request, 'backups.act', { backup: folder === undefined ? NO_FOLDER : undefined }),
    }),
  }),
  route({
    method: 'POST',
    path: '/api/v1/backups',
    permission: 'backups.act',
    act: 'system.backed-up',
    summary: 'Begins a backup, as `receiver backup` makes it. The answer is its task.',
    body: Reason,
    response: TaskRow,
    handle: async (request, parts) => {
      if (parts.backups === undefined) throw new Fault('act-impossible', NO_FOLDER.why)
      const on = { kind: 'backups', id: parts.backups }
      const planned = { action: 'system.backed-up', category: 'system', on, why: request.body.why } as const
      return begin('backup', request, parts, planned)
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/diagnose',
    permission: 'tasks.act',
    act: 'system.diagnosed',
    summary: 'Begins all checks of `receiver diagnose`. The answer is their task.',
    body: Reason,
    response: TaskRow,
    handle: async (request, parts) => {
      const on = { kind: 'receiver', id: (await parts.ask('identity')).id }
      const planned = { action: 'system.diagnosed', category: 'system', on, why: request.body.why } as const
      return begin('diagnosis', request, parts, planned)
    },
  }),
  route({
    method: 'GET',
    path,
    permission: 'tasks.read',
    summary: 'Tasks under way and before, the newest 200 first.',
    response: exactly({ data: Type.Array(TaskRow) }),
    handle: async (request, { tasks }) => ({
      data: (await tasks.store()).list().map(task => taskRow(task, request)),
    }),
  }),
  route({
    method: 'GET',
    path: `${path}/:id`,
    permission: 'tasks.read',
    summary: 'One task, with its progress and its result.',
    params: Id,
    version: versionOf,
    response: TaskRow,
    handle: async (request, { tasks }) => taskRow((await tasks.store()).get(request.params.id), request),
  }),
  route({
    method: 'POST',
    path: `${path}/:id/cancel`,
    permission: 'tasks.act',
    act: 'system.task-cancelled',
    summary: 'Ends a task that runs; what it has begun to write is removed by the next one.',
    params: Id,
    version: versionOf,
    body: Reason,
    response: TaskRow,
    handle: async (request, parts) => {
      const { id } = request.params
      const operator = operatorOf(request)
      const { kind } = (await parts.tasks.store()).get(id)
      if (!mayDo(operator.role, permissionOf(kind)))
        throw new Fault('not-permitted', `expected a role with ${permissionOf(kind)}, found ${operator.role}`)
      const on = { kind: 'task', id }
      const planned = { action: 'system.task-cancelled', category: 'system', on, why: request.body.why } as const
      const cancelled = await actAs(request, parts, planned, () => parts.tasks.cancel(id, operator.id))
      return taskRow(cancelled, request)
    },
  }),
]

const NO_FOLDER = obstacle('no-backup-folder')

function permissionOf(kind: TaskKind) {
  return kind === 'backup' ? 'backups.act' : 'tasks.act'
}

async function versionOf({ params: { id } }: ApiRequest<{ id: string }>, { tasks }: ApiParts): Promise<unknown> {
  // Progress is no other task: who saw it begin may cancel it.
  const { progress: _progress, ...task } = (await tasks.store()).get(id)
  return task
}

/** Answers as soon as it has begun; its records end with it. */
async function begin(
  kind: TaskKind,
  request: ApiRequest,
  parts: ApiParts,
  planned: Parameters<typeof actAs>[2],
): Promise<Static<typeof TaskRow>> {
  const { promise, resolve, reject } = Promise.withResolvers<Task>()
  let begun: Task | undefined
  const onBegun = (task: Task) => {
    begun = task
    resolve(task)
  }
  actAs(request, parts, planned, () => parts.tasks.run(kind, operatorOf(request).id, onBegun)).catch(error => {
    if (begun === undefined) reject(error)
    else parts.complain(`the ${kind} ${begun.id} has failed: ${asFault(error).message}`)
  })
  return taskRow(await promise, request)
}

function taskRow({ at, endedAt, by, ...task }: Task, request: Pick<ApiRequest, 'operator'>): Static<typeof TaskRow> {
  const settled = task.state === 'running' ? undefined : obstacle('in-state', { state: task.state })
  return {
    ...task,
    by,
    at: new Date(at).toISOString(),
    endedAt: endedAt === undefined ? null : new Date(endedAt).toISOString(),
    progress: task.progress ?? null,
    result: (task.result ?? null) as Static<typeof TaskRow>['result'],
    reason: task.reason ?? null,
    acts: possibleActs(request, permissionOf(task.kind), { cancel: settled }),
  }
}

function backupRow(folder: string) {
  return (name: string): Static<typeof BackupRow> => {
    try {
      const { at, version, log, documents } = readBackupRecord(join(folder, name))
      return { name, at, version, entries: log?.size ?? null, documents, problem: null }
    } catch (error) {
      return { ...{ name, at: null, version: null, entries: null, documents: null }, problem: asFault(error).detail }
    }
  }
}
