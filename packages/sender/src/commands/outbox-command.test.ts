// The outbox as scripts see it: queueing without waiting, looking, trying again, giving up, and the
// daemon that delivers.
import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '@seg/core/testing/until'
import t, { type Test } from 'tap'
import { accept, type Reply, refuse, startReceiver } from '../testing/foreign-receiver.ts'
import { makeCerts, makeDocument, makeFolder } from '../testing/gateways.ts'
import { type Run, runSender, startDaemon, startSender } from '../testing/run-sender.ts'

const certs = await makeCerts(t)

/** A user's folder with documents in it, a receiver, and commands that know both. */
async function openDesk(t: Test, names: readonly string[], reply: Reply = accept(certs)) {
  const receiver = await startReceiver(t, certs, reply)
  const folder = await makeFolder(t)
  const data = join(folder, 'state')
  for (const name of names) await writeFile(join(folder, `${name}.xml`), makeDocument({ id: name }))
  const environment = { SEG_CERTS: certs, SEG_DATA: data, SEG_TO: receiver.url.origin }
  const run = (...args: string[]) => runSender(folder, args, environment)
  const resultOf = ({ exitCode, stdout }: Run) => ({ exitCode, ...JSON.parse(stdout) })
  const json = async (...args: string[]) => resultOf(await run(...args, '--json'))
  /** Beside the other commands. */
  const begin = async (...args: string[]) => resultOf(await startSender(folder, [...args, '--json'], environment))
  const daemon = (...args: string[]) => startDaemon(t, folder, args, environment)
  return { receiver, folder, data, run, json, begin, daemon }
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )

t.test(
  'send --no-wait queues, ends with 4, and leaves the rest to the daemon; then send says what became of it',
  async t => {
    const { receiver, json, run, daemon } = await openDesk(t, ['a', 'b'])
    t.match(await json('send', 'a.xml', 'b.xml', '--no-wait'), {
      exitCode: 4,
      ok: false,
      code: 'delivery-pending',
      detail: /queued as number 1/,
    })
    t.match(await json('send', 'a.xml', '--no-wait'), { exitCode: 4, detail: /queued as number 1/ }, 'once')
    t.same(receiver.received, [])
    t.match(await json('outbox', 'list'), {
      exitCode: 0,
      ok: true,
      entries: [
        { number: 1, state: 'queued', id: 'a' },
        { number: 2, id: 'b' },
      ],
    })
    const { lines, stop } = await daemon()
    await until(() => lines.length === 2)
    t.equal(await stop(), 0, 'SIGTERM ends it in order')
    t.match(
      lines.map(({ state, ok }) => [state, ok]),
      [
        ['delivered', true],
        ['delivered', true],
      ],
    )
    t.match(await json('send', 'a.xml', '--no-wait'), { exitCode: 0, state: 'already-delivered', number: 1 })
    t.equal(receiver.received.length, 2)
    t.match(await run('outbox', 'list', '--state', 'delivered', '--limit', '1'), {
      exitCode: 0,
      stdout: /^ +2 +delivered +b/,
    })
  },
)

t.test('deliver: a drop folder, with what became of each file beside it', async t => {
  const { data, daemon } = await openDesk(t, [], (response, received, count) =>
    (received.includes('"no"') ? refuse('schema-invalid') : accept(certs))(response, received, count),
  )
  const { lines, stop } = await daemon()
  for (const id of ['yes', 'no']) await writeFile(join(data, 'outgoing', `${id}.xml`), makeDocument({ id }))
  await until(async () => (await exists(join(data, 'sent/yes.xml'))) && (await exists(join(data, 'refused/no.xml'))))
  await until(async () => (await readdir(join(data, 'outgoing'))).length === 0)
  t.match(await readFile(join(data, 'sent/yes.xml.receipt.xml'), 'utf8'), '<DocumentID>yes<')
  t.match(JSON.parse(await readFile(join(data, 'refused/no.xml.reason.json'), 'utf8')), { code: 'schema-invalid' })
  t.equal(lines.length, 2)
  t.equal(await stop('SIGINT'), 0)
})

t.test('send waits for a document that the daemon is sending, and reports its outcome', async t => {
  const release = Promise.withResolvers<void>()
  const { receiver, json, begin, daemon } = await openDesk(t, ['a'], async (response, received, count) => {
    await release.promise
    return accept(certs)(response, received, count)
  })
  await json('send', 'a.xml', '--no-wait')
  await daemon()
  await until(() => receiver.received.length === 1)
  const sending = begin('send', 'a.xml')
  t.match(await json('outbox', 'show', 'a'), { state: 'queued', onItsWay: true })
  t.match(await json('outbox', 'cancel', 'a'), { exitCode: 2, code: 'usage' })
  release.resolve()
  t.match(await sending, { exitCode: 0, ok: true, state: /delivered$/, number: 1 })
  t.equal(receiver.received.length, 1)
})

t.test('outbox show, cancel and retry, by number and by document', async t => {
  let isClosed = true
  const { receiver, json, run, daemon } = await openDesk(t, ['a', 'b'], (response, received, count) =>
    (isClosed ? refuse('schema-invalid') : accept(certs))(response, received, count),
  )
  t.match(await json('send', 'a.xml'), { exitCode: 3, state: 'refused' })
  await json('send', 'b.xml', '--no-wait')
  t.match(await json('outbox', 'show', '1'), {
    number: 1,
    id: 'a',
    state: 'refused',
    reason: { code: 'schema-invalid' },
    settledAt: /Z$/,
  })
  t.match(await run('outbox', 'show', 'b'), { exitCode: 0, stdout: /state +queued/ })
  t.match(await json('outbox', 'cancel', 'b'), { exitCode: 0, entries: [{ number: 2, state: 'cancelled' }] })
  t.match(await json('outbox', 'show', 'b'), { state: 'cancelled', advice: /outbox retry/ })
  t.match(await json('outbox', 'retry', 'a', 'b'), {
    entries: [
      { number: 3, id: 'a', state: 'queued' },
      { number: 4, id: 'b', state: 'queued' },
    ],
  })
  isClosed = false
  const { lines } = await daemon()
  await until(() => lines.length === 2)
  t.match(await json('outbox', 'retry', 'a'), { exitCode: 2, code: 'usage', detail: /is delivered/ })
  t.match(await json('outbox', 'show', '3'), {
    ...{ state: 'delivered', tries: 1, receipt: /receipt\.xml$/, attemptsNotRecorded: 0 },
    attempts: [{ attempt: 1, startedAt: /^\d{4}-.*Z$/, outcome: 'delivered', status: 201, address: '127.0.0.1' }],
  })
  t.match(await run('outbox', 'show', '3'), { stdout: /attempts +1: \d{4}-\S+Z, delivered after [\d.]+ s, from 127/ })
  t.equal(receiver.received.length, 3)
  t.same(
    receiver.received[0],
    receiver.received.find((bytes, i) => i > 0 && bytes.includes('"a"')),
    'the same bytes',
  )
})

t.test('outbox: 5 for what is not there, 2 for what its help does not offer', async t => {
  const { data, json, run } = await openDesk(t, [])
  await mkdir(data)
  t.match(await json('outbox', 'list'), { exitCode: 0, entries: [] })
  t.match(await run('outbox', 'list'), { exitCode: 0, stdout: 'the outbox is empty\n' })
  for (const command of ['show', 'retry', 'cancel'])
    t.match(await json('outbox', command, 'nothing'), { exitCode: 5, code: 'not-found' })
  for (const args of [['list', '--state', 'lost'], ['list', '--limit', '0'], ['show'], ['retry'], []])
    t.equal((await run('outbox', ...args)).exitCode, 2, args.join(' '))
  for (const args of [
    ['--concurrency', '0'],
    ['--lifetime', '0'],
    ['--lifetime', 'long'],
    ['--to', 'https://localhost/in'],
  ])
    t.equal((await run('deliver', ...args)).exitCode, 2, args.join(' '))
})

t.test('send: makes a new entry for what has expired', async t => {
  const { json } = await openDesk(t, ['a'], refuse('overloaded', { 'retry-after': '60' }))
  // Two seconds, in which it is not sure to be tried.
  await json('send', 'a.xml', '--lifetime', '0.0006')
  const { expiresAt } = await json('outbox', 'show', '1')
  await pause(Math.max(0, Date.parse(expiresAt) - Date.now()))
  t.match(await json('send', 'a.xml', '--timeout', '0.5'), { exitCode: 4, detail: /number 2/ })
  t.match(await json('outbox', 'show', '1'), { state: 'expired' })
})
