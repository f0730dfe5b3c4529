import t from 'tap'
import { BoundedThread, LOADED } from './bounded-thread.ts'

const source = `
import { parentPort } from 'node:worker_threads'
let answers = 0
parentPort.on('message', question => {
  if (question === 'hang') for (;;) {}
  if (question === 'die') throw new Error('no more')
  if (question === 'grow') for (const all = []; ; ) all.push(new Array(1e5).fill(all.length))
  parentPort.postMessage(++answers)
})
parentPort.postMessage('${LOADED}')`
const script = new URL(`data:text/javascript,${encodeURIComponent(source)}`)

t.test('a thread that hangs, dies or takes too much memory is replaced before the next question', async t => {
  const thread = new BoundedThread<string, number>({ script, time: 10_000 })
  t.teardown(() => thread.stop())
  t.same([await thread.ask('count'), await thread.ask('count')], [1, 2])
  for (const [question, reason] of [
    ['die', /no more/],
    ['grow', /memory/],
  ] as const) {
    await t.rejects(thread.ask(question), { message: reason })
    t.equal(await thread.ask('count'), 1, 'another thread answers')
  }
  const brief = new BoundedThread<string, number>({ script, time: 100 })
  t.teardown(() => brief.stop())
  await t.rejects(brief.ask('hang'), { message: 'it took more than 100 ms' })
})

t.test('a thread that is stopped while it loads its modules is stopped after it', async t => {
  const slow = `
import { parentPort } from 'node:worker_threads'
await new Promise(resolve => setTimeout(resolve, 200))
parentPort.on('message', () => parentPort.postMessage('answer'))
parentPort.postMessage('${LOADED}')`
  const thread = new BoundedThread<string, string>({
    script: new URL(`data:text/javascript,${encodeURIComponent(slow)}`),
    time: 1,
  })
  const asked = thread.ask('now').catch(({ message }) => message)
  await thread.stop()
  t.match(await asked, /^answer$|^it took more than 1 ms$|^its thread has ended$/)
})
