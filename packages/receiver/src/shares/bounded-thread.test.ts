import t from 'tap'
import { BoundedThread } from './bounded-thread.ts'

const source = `
import { parentPort } from 'node:worker_threads'
let answers = 0
parentPort.on('message', question => {
  if (question === 'hang') for (;;) {}
  if (question === 'die') throw new Error('no more')
  if (question === 'grow') for (const all = []; ; ) all.push(new Array(1e5).fill(all.length))
  parentPort.postMessage(++answers)
})`
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
