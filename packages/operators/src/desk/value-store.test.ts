// Which document is asked for values next, also when a partner waits for turns of its own.
import t, { type Test } from 'tap'
import { noted, openTestDesk } from '../testing/desk.ts'
import { type NextDocument, ValueStore } from './value-store.ts'

/** Accepted documents of these partners, by their index in the log. */
async function openValues(t: Test, partners: string) {
  const { database, store } = await openTestDesk(t)
  store.enter([...partners].map((partner, index) => ({ ...noted(index), partner })))
  database.prepare("INSERT INTO cursors (name, value) VALUES ('ledger', ?)").run(partners.length)
  return () => new ValueStore(database, 'values 1')
}

const enter = (values: ValueStore, document: NextDocument | undefined) => {
  values.enter(document!, { values: [], reasons: [] })
  return document!.index
}

t.test('documents of a partner that waits are behind those of others, and none is left out', async t => {
  const open = await openValues(t, 'AAABAAB')
  const values = open()
  const first = values.next()
  t.equal(enter(values, first), 0)
  const { partner } = first!
  values.wait(first!)
  t.equal(enter(values, values.next()), 3, 'the documents 1 and 2 wait')
  // Another thread goes on from here.
  const again = open()
  t.same(again.slow(), [partner])
  t.equal(enter(again, again.nextOf(partner)), 1)
  t.equal(enter(again, again.nextOf(partner)), 2)
  t.equal(enter(again, again.next()), 6)
  t.equal(enter(again, again.nextOf(partner)), 4)
  t.equal(enter(again, again.nextOf(partner)), 5)
  t.same(again.slow(), [partner])
  t.equal(again.nextOf(partner), undefined)
  t.same(again.slow(), [], 'it has caught up')
  t.equal(again.next(), undefined)
})

t.test('other expressions begin anew, and nobody waits', async t => {
  const { database, store } = await openTestDesk(t)
  store.enter([noted(0), noted(1)])
  database.prepare("INSERT INTO cursors (name, value) VALUES ('ledger', 2)").run()
  const values = new ValueStore(database, 'values 1')
  values.wait(values.next()!)
  const others = new ValueStore(database, 'values 2')
  t.same(others.slow(), [])
  t.equal(others.next()?.index, 0)
})
