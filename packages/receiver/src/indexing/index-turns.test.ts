// Turns of the index: as documents would come, with times that are given.
import t from 'tap'
import { IndexTurns } from './index-turns.ts'

t.test('slow partners have a document each in turn, and half of the time while others have some', async t => {
  const turns = new IndexTurns(10_000)
  const taken: unknown[] = []
  for (let i = 0; i < 24; i++) {
    const turn = turns.next()
    taken.push(turn)
    turns.found(turn, true, [7, 8])
    turns.spent(turn, turn === 'others' ? 250 : 1000)
  }
  const others = Array(4).fill('others')
  t.same(taken, ['others', 7, ...others, 8, ...others, 7, ...others, 8, ...others, 7, 'others', 'others'])
})

t.test('without others they have all of it, until nobody has a document left', async t => {
  const turns = new IndexTurns(10_000)
  const left = new Map([
    [7, 2],
    [8, 1],
  ])
  const taken: unknown[] = []
  for (let turn = turns.next(); turn !== 'nobody'; turn = turns.next()) {
    taken.push(turn)
    const count = typeof turn === 'number' ? (left.get(turn) ?? 0) : 0
    if (count > 0) left.set(turn as number, count - 1)
    else if (typeof turn === 'number') left.delete(turn)
    turns.found(turn, count > 0, [...left.keys()])
    if (count > 0) turns.spent(turn, 1000)
  }
  t.same(
    taken.filter(turn => turn !== 'others'),
    [7, 8, 7, 8, 7],
  )
  t.equal(taken.at(0), 'others')
})
