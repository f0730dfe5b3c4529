// Times in DER: those of the calendar and no others, in the one form that RFC 5280 gives each.
import t from 'tap'
import { DerReader, readTime } from './der.ts'
import { der, time } from './der-writer.ts'

const read = (octets: Buffer) => readTime(new DerReader(octets), 'a time')
const utc = (text: string) => der(0x17, Buffer.from(text))
const generalized = (text: string) => der(0x18, Buffer.from(text))

t.test('each day from 1950 to 2100 is read as it was written', async t => {
  const days = Math.round((Date.UTC(2100, 0, 1) - Date.UTC(1950, 0, 1)) / 86_400_000)
  const wrong = Array.from({ length: days }, (_, i) => Date.UTC(1950, 0, 1 + i, i % 24, i % 60, (i * 7) % 60)).filter(
    instant => read(time(new Date(instant))) !== instant,
  )
  t.same(wrong, [])
})

t.test('what is no time of the calendar, or not in its one form, is refused', async t => {
  const refused = [
    ...['991301000000Z', '990001000000Z', '990100000000Z', '990132000000Z', '990230000000Z', '230229000000Z'],
    ...['240230000000Z', '990101240000Z', '990101006000Z', '990101000060Z', '9901010000Z', '990101000000'],
    ...['990101000000z', '990101000000+0000', '99010100000 Z', '990101000000ZZ', '99-101000000Z', ''],
  ].map(utc)
  const late = ['20491231235959Z', '20500229000000Z', '205001010000Z', '20500101000000.5Z', '00000101000000Z']
  for (const octets of [...refused, ...late.map(generalized), der(0x16, Buffer.from('990101000000Z'))])
    t.throws(() => read(octets), /expected a time/, octets.toString('latin1'))
  t.equal(read(utc('240229235959Z')), Date.UTC(2024, 1, 29, 23, 59, 59))
})
