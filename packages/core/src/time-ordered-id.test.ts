import t from 'tap'
import { timeOrderedId } from './time-ordered-id.ts'

t.test('ids are UUIDs of version 7 that sort in the order of time', async t => {
  // RFC 9562 A.6.
  t.match(timeOrderedId(0x017f22e279b0), /^017f22e2-79b0-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
  const ids = [1, 0xffff, 0x10000, Date.now(), 0xffff_ffff_ffff].map(timeOrderedId)
  t.strictSame([...ids].sort(), ids)
})

t.test('no two of one millisecond are alike', async t => {
  const ids = Array.from({ length: 1000 }, () => timeOrderedId(1))
  t.equal(new Set(ids).size, 1000)
})
