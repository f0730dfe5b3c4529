import t from 'tap'
import { NEEDS_OWN_MEMORY, releaseOctets } from './release-octets.ts'

t.test('gives back memory that is of these octets alone, and nothing else', async t => {
  const own = Buffer.allocUnsafeSlow(NEEDS_OWN_MEMORY)
  releaseOctets(own)
  t.equal(own.buffer.byteLength, 0)
  const few = Buffer.allocUnsafeSlow(NEEDS_OWN_MEMORY - 1)
  const part = Buffer.allocUnsafeSlow(2 * NEEDS_OWN_MEMORY).subarray(0, NEEDS_OWN_MEMORY)
  for (const octets of [few, part]) {
    const { length } = octets
    releaseOctets(octets)
    t.equal(octets.length, length)
  }
})
