import t from 'tap'
import { parseLimit, parseNumber } from './number.ts'

t.test('takes decimal digits within the bounds, and nothing else', async t => {
  const parse = parseNumber({ what: 'a port', least: 0, most: 65535 })
  t.same(['0', '1', '65535', '007'].map(parse), [0, 1, 65535, 7])
  for (const text of ['-1', '+1', '65536', '1.0', '1e3', '0x10', 'NaN', 'Infinity', ' 1', '1 ', '', '١', '1_000'])
    t.throws(() => parse(text), { code: 'usage', detail: /^a port is a whole number from 0 to 65535, not "/ }, text)
})

t.test('takes digits behind the point where it may, and refuses 0 where it must', async t => {
  const parse = parseNumber({ what: 'a lifetime', least: 0.001, most: 99, decimals: 3 })
  t.same(['0.001', '1.5', '99', '99.000'].map(parse), [0.001, 1.5, 99, 99])
  for (const text of ['0', '0.000', '0.0001', '1.', '.5', '1,5', '99.001'])
    t.throws(() => parse(text), { code: 'usage', detail: /from 0.001 to 99, not/ }, text)
})

t.test('one --limit for every list', async t => {
  t.equal(parseLimit('1'), 1)
  for (const text of ['0', '-1', '1000000000']) t.throws(() => parseLimit(text), { code: 'usage', detail: /^--limit/ })
})
