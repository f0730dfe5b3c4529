import t from 'tap'
import { FairQueue } from './fair-queue.ts'

const limits = {
  what: 'tasks',
  ofOne: { count: 3, cost: 100 },
  ofAll: { count: 5, cost: 150 },
  longestWait: 10_000,
}

/** A queue of two workers, and work that lasts until the test ends it. */
function openScene(changed: Partial<typeof limits> = {}) {
  const queue = new FairQueue(['one', 'two'], { ...limits, ...changed })
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  const run = (name: string, cost = 1) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    ends.set(name, resolve)
    const done = queue.run(name[0]!, cost, async () => {
      begun.push(name)
      await promise
      return name
    })
    done.catch(() => {})
    return done
  }
  const end = async (name: string) => {
    ends.get(name)!()
    await new Promise(setImmediate)
  }
  return { run, begun, end }
}

t.test('gives each partner one worker at the most, and partners their turns', async t => {
  const { run, begun, end } = openScene()
  for (const name of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) run(name)
  t.same(begun, ['a1', 'b1'])
  await end('b1')
  t.same(begun, ['a1', 'b1', 'c1'])
  await end('a1')
  t.same(begun, ['a1', 'b1', 'c1', 'a2'], 'one worker of c is enough')
  run('b2')
  await end('c1')
  t.same(begun.slice(4), ['c2'])
  await end('c2')
  t.same(begun.slice(5), ['b2'], 'a has its worker')
  await end('a2')
  t.same(begun.slice(6), ['a3'])
})

t.test('bounds what waits of one partner and of all, in number and in cost', async t => {
  const { run } = openScene()
  for (const name of ['a1', 'a2', 'a3', 'a4']) run(name)
  await t.rejects(run('a5'), { code: 'overloaded', detail: /^3 tasks of "a" wait already; 1 not taken since/ }, 'alone')
  for (const name of ['b1', 'b2']) run(name)
  await t.rejects(run('a5'), { code: 'rate-limit', detail: /; 2 not taken/ })
  run('c1')
  await t.rejects(run('d1'), { code: 'overloaded', detail: /^5 tasks wait already/ })

  const costly = openScene({ ofAll: { count: 5, cost: 250 } })
  for (const name of ['a1', 'a2', 'b1', 'b2']) costly.run(name, 100)
  await t.rejects(costly.run('a3', 1), { code: 'rate-limit' })
  await t.rejects(costly.run('c1', 60), { code: 'overloaded' })
})

t.test('refuses what has waited too long, and continues after work that failed', async t => {
  const { run, end, begun } = openScene({ longestWait: 20 })
  run('a1')
  const late = run('a2')
  await new Promise(resolve => setTimeout(resolve, 40))
  await end('a1')
  await t.rejects(late, { code: 'overloaded', detail: /waited \d+ ms for a turn/ })
  run('a3')
  t.same(begun, ['a1', 'a3'])

  const queue = new FairQueue(['one'], limits)
  await t.rejects(
    queue.run('a', 1, () => Promise.reject(new Error('no'))),
    { message: 'no' },
  )
  t.equal(await queue.run('a', 1, async worker => worker), 'one')
})
