import t from 'tap'
import { type Reader, Turns } from './turns.ts'

/** One that spends `cost` whenever it is let go on, a few times; it has had its first turn. */
async function openReader(turns: Turns, partner: string, cost: number) {
  const reader = makeReader(turns, partner, cost)
  while (reader.reader.isNew) await turn()
  return reader
}

function makeReader(turns: Turns, partner: string, cost: number) {
  const reader: Reader & { rounds: number; isHeld: boolean; isNew: boolean } = {
    cost,
    rounds: 0,
    isHeld: false,
    isNew: true,
    hold: () => {},
    release: () => {},
  }
  const share = turns.join(partner, reader)
  reader.hold = () => {
    reader.isHeld = true
  }
  reader.release = () => {
    reader.isHeld = false
    if (!reader.isNew && ++reader.rounds < 6) share.spend(cost)
    reader.isNew = false
  }
  return { reader, share }
}

type Opened = Awaited<ReturnType<typeof openReader>>

const turn = () => new Promise<void>(resolve => setImmediate(resolve))

t.test('holds all of a partner that has spent its turn, and nobody else', async t => {
  const turns = new Turns()
  const [a, b, other] = (await Promise.all(['a', 'a', 'other'].map(partner => openReader(turns, partner, 10)))) as [
    Opened,
    Opened,
    Opened,
  ]
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
  const { reader, share } = await openReader(turns, 'a', 10)
  share.spend(20_000)
  for (let i = 0; i < 4; i++) {
    await turn()
    t.ok(reader.isHeld, `turn ${i}`)
  }
  await turn()
  t.notOk(reader.isHeld)
})

t.test('continues as many in a turn as there is time for, the longest waiting first', async t => {
  const turns = new Turns()
  const all = await Promise.all(Array.from({ length: 10 }, () => openReader(turns, 'a', 1000)))
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

t.test('one that comes while its partner owes waits for its first turn', async t => {
  const turns = new Turns()
  const { reader, share } = await openReader(turns, 'a', 10)
  share.spend(9000)
  const late = makeReader(turns, 'a', 10)
  t.equal(late.share, share)
  t.equal(turns.waitingFor('a'), 1)
  await turn()
  t.ok(late.reader.isNew && reader.isHeld)
  await turn()
  await turn()
  t.notOk(late.reader.isNew || reader.isHeld)
  t.equal(turns.waitingFor('a'), 0)
})

t.test('what is owed outlives the connections that it was spent on', async t => {
  const turns = new Turns()
  const { reader, share } = await openReader(turns, 'a', 10)
  share.spend(20_000)
  turns.leave(share, reader)
  t.ok(share.isEmpty)
  const next = makeReader(turns, 'a', 10)
  for (let i = 0; i < 4; i++) {
    await turn()
    t.ok(next.reader.isNew, `turn ${i}`)
  }
  await turn()
  t.notOk(next.reader.isNew)
  turns.leave(share, next.reader)
  await turn()
  t.not(makeReader(turns, 'a', 10).share, share, 'a partner that is gone and owes nothing is forgotten')
})

t.test('those that have begun go on before others begin, but not all of the time', async t => {
  const turns = new Turns()
  const begun = await Promise.all(Array.from({ length: 8 }, () => openReader(turns, 'a', 4000)))
  const keepBusy = ({ reader, share }: Opened) => {
    reader.release = () => {
      reader.isHeld = false
      reader.rounds++
      share.spend(4000)
    }
    share.spend(4000)
  }
  begun.forEach(keepBusy)
  const late = Array.from({ length: 3 }, () => makeReader(turns, 'a', 10))
  const isNew = () => late.filter(({ reader }) => reader.isNew).length
  for (let i = 0; i < 15; i++) await turn()
  t.equal(isNew(), 3)
  for (let i = 0; i < 60; i++) await turn()
  t.ok(isNew() < 3, 'one in some turns')
  t.ok(Math.min(...begun.map(({ reader }) => reader.rounds)) >= 1)
})
