// Numbers of the console in each language: nothing but the list of languages names one.
import { join } from 'node:path'
import t from 'tap'
import { root } from '../support/commands.ts'

const texts = join(root, 'packages/console/src/app/texts')
// By computed names: these modules have the types of a browser.
const { counted, formatDays, formatDuration, formatShare, formatSize } = await import(join(texts, 'formats.ts'))
const { language } = await import(join(texts, 'languages.ts'))

t.test('a decimal sign is that of the language, also of one that is added', async t => {
  for (const [code, size, time] of [
    ['en', '1.5', '2.3'],
    ['de', '1,5', '2,3'],
    ['fr', '1,5', '2,3'],
  ] as const) {
    language.value = code
    t.equal(formatSize(1500), `${size}\u2009kB`, code)
    t.equal(formatDuration(2300), `${time}\u2009s`, code)
    t.equal(formatSize(2000), '2\u2009kB', code)
    t.equal(formatShare(0.0425), `${{ en: '4.3', de: '4,3', fr: '4,3' }[code]}\u2009%`, code)
    t.match(formatShare(0.0002), /^0[.,]02\u2009%$/)
    t.equal(formatShare(0.964), '96\u2009%')
  }
})

t.test('a number agrees with its noun, and days with their language', async t => {
  for (const [code, one, many, none, next] of [
    ['en', '1 day', '1\u2009200 days', '0 days', 'tomorrow'],
    ['de', '1 Tag', '1\u2009200 Tage', '0 Tage', 'morgen'],
    // Nothing is singular there.
    ['fr', '1 jour', '1\u2009200 jours', '0 jour', 'demain'],
  ] as const) {
    language.value = code
    const forms = [one, many].map(text => text.replace(/^[\d\u2009]+/, '#')) as [string, string]
    t.same(
      [1, 1200, 0].map(count => counted(count, ...forms)),
      [one, many, none],
      code,
    )
    t.equal(formatDays(1), next)
  }
})
