import t from 'tap'
import { type Reader, Turns } from './turns.ts'

/** One that spends `cost` whenever it is let go on, a few times. */
function makeReader(turns: Turns, partner: string, cost: number) {
  const reader: Reader & { rounds: number; isHeld: boolean } = {
    cost,
    rounds: 0,
    isHeld: false,
    hold: () => {},
    release: () => {},
  }
  const share = turns.join(partner, reader)
  reader.hold = () => {
    reader.isHeld = true
  }
  reader.release = () => {
    reader.isHeld = false
    reader.rounds++
    if (reader.rounds < 6) share.spend(cost)
  }
  return { reader, share }
}

const turn = () => new Promise<void>(resolve => setImmediate(resolve))

t.test('holds all of a partner that has spent its turn, and nobody else', async t => {
  const turns = new Turns()
  const [a, b, other] = [makeReader(turns, 'a', 10), makeReader(turns, 'a', 10), makeReader(turns, 'other', 10)]
  a.share.spend(3999)
  t.notOk(a.reader.isHeld)
  a.share.spend(2)
  t.ok(a.reader.isHeld && b.reader.isHeld)
  t.notOk(other.reader.isHeld)
  await turn()
  t.notOk(a.reader.isHeld || b.reader.isHeld, 'the next turn lets them go on')
})

t.test('what was spent beyond a turn is paid off, a turn at a time', async t => {
  const turns = new Turns()
  const { reader, share } = makeReader(turns, 'a', 10)
  share.spend(20_000)
  for (let i = 0; i < 4; i++) {
    await turn()
    t.ok(reader.isHeld, `turn ${i}`)
  }
  await turn()
  t.notOk(reader.isHeld)
})

t.test('lets so many go on in a turn as it has time for, whoever has waited longest first', async t => {
  const turns = new Turns()
  const all = Array.from({ length: 10 }, () => makeReader(turns, 'a', 1000))
  all[0]!.share.spend(4001)
  const turnsNeeded = new Set<number>()
  for (let i = 0; i < 12; i++) {
    await turn()
    turnsNeeded.add(Math.max(...all.map(({ reader }) => reader.rounds)))
    t.ok(all.filter(({ reader }) => !reader.isHeld).length <= 10)
  }
  const rounds = all.map(({ reader }) => reader.rounds)
  t.ok(Math.min(...rounds) >= 1, 'each gets on')
  t.ok(Math.max(...rounds) - Math.min(...rounds) <= 1, 'none twice before all had their turn')
})

t.test('one that comes while its partner owes waits like the others, and one that leaves is forgotten', async t => {
  const turns = new Turns()
  const { reader, share } = makeReader(turns, 'a', 10)
  share.spend(9000)
  const late = makeReader(turns, 'a', 10)
  t.equal(late.share, share)
  t.ok(late.reader.isHeld || reader.isHeld)
  turns.leave('a', reader)
  turns.leave('a', late.reader)
  t.ok(share.isEmpty)
  await turn()
  await turn()
  await turn()
  t.equal(reader.rounds, 0)
  t.not(makeReader(turns, 'a', 10).share, share)
})
