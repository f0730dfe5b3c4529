// UTF-8 at its edges: what a piece leaves unfinished, and where the first byte stands that is
// wrong.
import t from 'tap'
import { incompleteTail, invalidAt } from '../../packages/xmldsig/src/xml/utf8.ts'

const bytes = (latin1: string) => Buffer.from(latin1, 'latin1')

t.test('a sequence that the next piece may complete is left to it', async t => {
  const characters = ['a', '\u00fc', '\u20ac', '\u{1f600}', '\u{10ffff}']
  for (const character of characters) {
    const octets = Buffer.from(`x${character}`)
    t.equal(incompleteTail(octets), 0, `${character} whole`)
    for (let cut = 1; cut < octets.length; cut++)
      t.equal(incompleteTail(octets.subarray(0, cut)), cut - 1, `${character} cut`)
    for (let cut = 1; cut < octets.length - 1; cut++)
      t.equal(incompleteTail(octets.subarray(1, 1 + cut)), cut, `${character} alone`)
  }
  t.equal(incompleteTail(bytes('')), 0)
  t.equal(incompleteTail(bytes('\x80\x80\x80\x80')), 0, 'four bytes that go on what never began')
  t.equal(incompleteTail(bytes('\xf0\x80\x80\x80')), 0)
  t.equal(incompleteTail(bytes('\xe2\x82a')), 0, 'a sequence that something else has cut off')
  t.equal(incompleteTail(bytes('\xe2\x82\xc3')), 1)
})

t.test('the first byte that is not part of valid UTF-8 is found', async t => {
  const valid = 'a\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}'
  t.equal(invalidAt(Buffer.from(valid)), Buffer.byteLength(valid), 'none')
  const wrong: Record<string, string> = {
    'a byte that continues what never began': '\x80',
    'an overlong form of two bytes': '\xc1\xbf',
    'an overlong form of three bytes': '\xe0\x9f\xbf',
    'an overlong form of four bytes': '\xf0\x8f\xbf\xbf',
    'a surrogate': '\xed\xa0\x80',
    'a code point beyond the last': '\xf4\x90\x80\x80',
    'a lead byte that never was': '\xff',
    'a sequence cut off by another': '\xe2\x82\xe2\x82\xac',
    'a sequence cut off by the end': '\xe2\x82',
  }
  for (const [what, latin1] of Object.entries(wrong))
    for (const before of ['', 'x', valid])
      for (const behind of ['', 'x'])
        t.equal(
          invalidAt(Buffer.concat([Buffer.from(before), bytes(latin1 + behind)])),
          Buffer.byteLength(before),
          what,
        )
})
