// Tasks over the API: begun, watched, cancelled; one at a time; records for each; a restart finds
// what it interrupted.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '@seg/core'
import { until } from '@seg/core/testing/until'
import t, { type Test } from 'tap'
import { openTasks } from '../api/lazy-readers.ts'
import { type Answer, makeConsoleCerts, openListener } from '../testing/listener.ts'
import type { TaskEdge } from './tasks.ts'

const certs = await makeConsoleCerts(t)
const why = JSON.stringify({ why: 'before the upgrade' })

/** Work that ends when the test says so. */
function openWork() {
  const edges: (TaskEdge & { end(result: object): void; fail(error: Error): void })[] = []
  const work = (_kind: string, edge: TaskEdge) => {
    const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>>()
    edge.signal.addEventListener('abort', () => reject(new Error('killed')))
    edges.push({ ...edge, end: result => resolve({ ...result }), fail: reject })
    return promise
  }
  return { edges, work }
}

async function open(t: Test, backups = '/nowhere/backups') {
  const { edges, work } = openWork()
  const listener = await openListener(t, certs, { work, backups })
  const administrator = listener.keyOf('administrator')
  const begin = (path = 'backups', fields = administrator) => listener.ask('POST', `/api/v1/${path}`, fields, why)
  const get = (id: string) => listener.ask('GET', `/api/v1/tasks/${id}`, administrator)
  const untilTask = (id: string, isThere: (answer: Answer) => boolean) => until(() => get(id), isThere)
  const hasEnded = ({ json }: Answer) => json.state !== 'running'
  const records = (action: string) => listener.records().filter(record => record.action === action)
  return { listener, edges, administrator, begin, get, untilTask, hasEnded, records }
}

t.test('a backup is begun, says how far it is, and ends with its result and two records', async t => {
  const { listener, edges, begin, untilTask, hasEnded, records } = await open(t)
  const begun = await begin()
  t.match(begun, { status: 200, json: { kind: 'backup', state: 'running', by: 'administrator', result: null } })
  const { id } = begun.json
  t.match(records('system.backed-up'), [{ outcome: 'pending', why: 'before the upgrade' }])
  edges[0]!.onProgress('1 of 3 entries verified')
  t.match((await untilTask(id, ({ json }) => json.progress !== null)).json, { progress: '1 of 3 entries verified' })
  edges[0]!.end({ ok: true, size: 3 })
  const { json } = await untilTask(id, hasEnded)
  t.match(json, { state: 'done', result: { ok: true, size: 3 }, endedAt: String, reason: null })
  t.match(json.acts, [
    { name: 'cancel', isAllowed: false, why: 'it is done', code: 'in-state', values: { state: 'done' } },
  ])
  t.match(records('system.backed-up'), [
    { outcome: 'pending', on: { kind: 'backups', id: '/nowhere/backups' } },
    { outcome: 'success', actor: { id: 'administrator', method: 'api-key' } },
  ])
  t.match((await listener.ask('GET', '/api/v1/tasks', listener.keyOf('auditor'))).json.data, [{ id }])
})

t.test('one task runs at a time; what is refused has its record, and nothing begins', async t => {
  const { edges, begin, untilTask, hasEnded, records } = await open(t)
  const [one, two, three] = await Promise.all([begin(), begin(), begin('diagnose')])
  const taken = [one, two, three].filter(({ status }) => status === 200)
  t.equal(taken.length, 1)
  for (const answer of [one, two, three].filter(found => found !== taken[0]))
    t.match(answer, { status: 409, json: { code: 'act-impossible' } })
  t.equal(edges.length, 1)
  t.equal([...records('system.backed-up'), ...records('system.diagnosed')].length, 5)
  edges[0]!.end({})
  await untilTask(taken[0]!.json.id, hasEnded)
  t.equal((await begin('diagnose')).status, 200, 'then the next one')
  edges[1]!.end({})
})

t.test('a task that fails says why, in its record and in the log, and never as a failure of the API', async t => {
  const { listener, edges, begin, untilTask, hasEnded, records } = await open(t)
  const { id } = (await begin('diagnose')).json
  edges[0]!.fail(new Fault('task-ended', 'its process ended with SIGSEGV'))
  t.match((await untilTask(id, hasEnded)).json, {
    state: 'failed',
    reason: { code: 'task-ended', detail: 'its process ended with SIGSEGV' },
  })
  await until(() => listener.complaints.length > 0)
  t.match(listener.complaints, [/the diagnosis .* has failed: task-ended: its process ended with SIGSEGV/])
  t.match(records('system.diagnosed'), [{ outcome: 'pending' }, { outcome: 'failure', reason: { code: 'task-ended' } }])
})

t.test('a task is cancelled by who may begin it; it has ended when the answer comes', async t => {
  const { listener, edges, administrator, begin, get, records } = await open(t)
  const { id } = (await begin()).json
  const cancel = (fields: Record<string, string>) => listener.ask('POST', `/api/v1/tasks/${id}/cancel`, fields, why)
  t.match(await cancel(listener.keyOf('operator')), { status: 403, json: { code: 'not-permitted' } })
  const { etag } = (await get(id)).fields
  edges[0]!.onProgress('half')
  t.match(await cancel({ ...administrator, 'if-match': `${etag}` }), {
    status: 200,
    json: { state: 'cancelled', reason: { code: 'task-ended', detail: 'cancelled by key administrator' } },
  })
  t.ok(edges[0]!.signal.aborted)
  t.match(await cancel(administrator), { status: 409, json: { code: 'act-impossible' } })
  t.match(records('system.task-cancelled'), [
    { outcome: 'pending' },
    { outcome: 'success', on: { kind: 'task', id } },
    { outcome: 'pending' },
    { outcome: 'failure' },
  ])
})

t.test('a request that is sent twice with one Idempotency-Key begins one task', async t => {
  const { edges, administrator, begin } = await open(t)
  const fields = { ...administrator, 'idempotency-key': 'nightly' }
  const [first, second] = [await begin('backups', fields), await begin('backups', fields)]
  t.equal(second.json.id, first.json.id)
  t.equal(second.fields['idempotency-replayed'], 'true')
  t.equal(edges.length, 1)
  edges[0]!.end({})
})

t.test('a task that a restart interrupted has that state, and the next task begins', async t => {
  const folder = t.testdir()
  const never = () => new Promise<never>(() => {})
  const before = openTasks(folder, never, () => new Date(0))
  void before.run('backup', 'jane', () => {})
  await before.store()
  const after = openTasks(
    folder,
    async () => ({ ok: true }),
    () => new Date(1000),
  )
  const store = await after.store()
  t.match(store.list(), [{ kind: 'backup', state: 'interrupted', by: 'jane', at: 0 }])
  await t.rejects(after.cancel(store.list()[0]!.id, 'joe'), { code: 'act-impossible' })
  await after.run('diagnosis', 'joe', () => {})
  t.match(store.list(), [{ state: 'done', endedAt: 1000 }, { state: 'interrupted' }])
  t.throws(() => store.get('0'), { code: 'not-found' })
})

t.test(
  'the backups there are: the newest first, one that is damaged with its problem; none without a folder',
  async t => {
    const folder = t.testdir()
    const names = ['2026-11-27T10-00-00.000Z', '2026-11-28T10-00-00.000Z']
    const record = { v: 1, owner: 'receiver', at: '2026-11-27T10:00:00.000Z', version: '1', of: 'R', documents: 2 }
    for (const name of names) await mkdir(join(folder, name))
    const text = JSON.stringify({ ...record, log: { size: 3, root: '', checkpoint: '' }, databases: {} })
    await writeFile(join(folder, names[0]!, 'seg-backup.json'), text)
    await writeFile(join(folder, names[1]!, 'seg-backup.json'), '{')
    const { listener, administrator } = await open(t, folder)
    t.match((await listener.ask('GET', '/api/v1/backups', administrator)).json, {
      folder,
      data: [
        { name: names[1], at: null, problem: /expected a whole backup/ },
        { name: names[0], at: record.at, entries: 3, documents: 2, problem: null },
      ],
      acts: [{ name: 'backup', isAllowed: true }],
    })
    const none = await openListener(t, certs)
    const key = none.keyOf('administrator')
    t.match((await none.ask('GET', '/api/v1/backups', key)).json, {
      folder: null,
      data: [],
      acts: [{ isAllowed: false, why: /--backups/ }],
    })
    t.match(await none.ask('POST', '/api/v1/backups', key, why), { status: 409, json: { code: 'act-impossible' } })
    for (const body of [
      { why: 'x', folder: '/tmp' },
      { why: 'x', place: '/tmp' },
    ])
      t.match(await none.ask('POST', '/api/v1/backups', key, JSON.stringify(body)), { status: 400 }, 'names no folder')
  },
)
