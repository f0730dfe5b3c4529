// What the API and the verifier say by a code has words in every language of the console.
import { join } from 'node:path'
import { faults } from '@seg/core'
import t from 'tap'
import { obstacleSentences } from '../../packages/operators/src/acts/obstacles.ts'
import { rules } from '../../packages/operators/src/alerts/rules.ts'
import { receiverChecks } from '../../packages/receiver/src/diagnosis/receiver-checks.ts'
import { readinessChecks } from '../../packages/receiver/src/measures/readiness.ts'
import { root } from '../support/commands.ts'

const source = join(root, 'packages/console/src')
// By computed names: these modules have the types of a browser.
const load = (path: string) => import(join(source, path))
const { language, languages } = await load('app/texts/languages.ts')
const { faultInWords } = await load('app/help/fault-in-words.ts')
const { faultSentences } = await load('app/help/fault-sentences.ts')
const { faultRemedies } = await load('app/help/fault-remedies.ts')
const { ruleInWords } = await load('app/alerts/rule-texts.ts')
const { findingInWords, healthTexts } = await load('app/health/health-texts.ts')
const { obstacleInWords, obstacleTexts } = await load('app/parts/obstacle-texts.ts')
const { diagnosisInWords, diagnosisTexts } = await load('app/health/diagnosis-texts.ts')
const { certificateCheckInWords, checkTexts } = await load('app/certificates/check-texts.ts')
const { checkInWords } = await load('app/evidence/check-texts.ts')
const { verifyEvidence } = await load('verifier/verify-evidence.ts')

/** What the gateway says, in English: no language may show it in place of its own words. */
const said = 'as the gateway says it'
const others = Object.keys(languages).filter(code => code !== 'en')

t.test('each fault code, rule of an alert and check has words in each language', async t => {
  const { checks } = await verifyEvidence({ evidence: [], trust: [] }, new Date())
  t.ok(checks.length > 20)
  for (const code of others) {
    language.value = code
    for (const fault of Object.keys(faults)) {
      const { sentence, remedy } = faultInWords(fault, { sentence: said, remedy: said })
      t.same(
        [sentence, remedy].filter(text => text === said),
        [],
        `${code}: ${fault}`,
      )
    }
    for (const { name } of rules) {
      const { summary, impact } = ruleInWords({ rule: name, summary: said, impact: said })
      t.same(
        [summary, impact].filter(text => text === said),
        [],
        `${code}: ${name}`,
      )
    }
    for (const check of readinessChecks) {
      const { name, found } = findingInWords({ check, ok: false, found: said })
      t.not(name, check, `${code}: the name of ${check}`)
      t.not(found, said, `${code}: what is wrong with ${check}`)
    }
    for (const check of checks) {
      const { title, detail } = checkInWords({ ...check, title: said, state: 'not given', detail: said })
      t.not(title, said, `${code}: ${check.name}`)
      if (check.state === 'not given') t.not(detail, said, `${code}: what ${check.name} needs`)
    }
  }
})

/** In which a thing can be that is acted on, as `in-state` and `author-key-ended` name them. */
const states = [
  ...['active', 'suspended', 'revoked', 'expired', 'removed', 'open', 'taken', 'refused', 'approved', 'lapsed'],
  ...['delivered', 'cancelled', 'done', 'failed', 'interrupted'],
]

t.test('each obstacle of an act has a sentence in each language, English too, and each state a word', async t => {
  const codes = Object.keys(obstacleSentences)
  t.ok(codes.length > 10)
  for (const code of Object.keys(languages)) {
    language.value = code
    t.same(Object.keys(obstacleTexts().sentences).toSorted(), codes.toSorted(), code)
    for (const obstacle of codes) {
      const values = {
        role: 'viewer',
        permission: 'x.act',
        person: 'jane',
        state: 'expired',
        target: 'inbox',
        use: 'seal',
      }
      const sentence = obstacleInWords({ why: said, code: obstacle, values })
      t.notMatch(sentence, /undefined|^$|as the gateway says it/, `${code}: ${obstacle}`)
    }
  }
  for (const code of others) {
    language.value = code
    t.same(Object.keys(obstacleTexts().states).toSorted(), states.toSorted(), code)
    const delivered = obstacleInWords({ why: 'it is delivered', code: 'in-state', values: { state: 'delivered' } })
    t.notMatch(delivered, /delivered/)
  }
  t.equal(obstacleInWords({ why: said, code: 'of-a-later-version', values: {} }), said)
})

/** Their names are those of files, in any language. */
const ofFiles = /^[a-z]+\.(?:crt|key)$/

t.test('each check of a diagnosis has a name in each language, and what failed its fault', async t => {
  const unused = () => t.fail('no check is made here') as never
  const ids = receiverChecks({ readSettings: unused, findHandOffDoubts: unused, now: unused }).map(({ id }) => id)
  const wanted = ids.filter(id => !ofFiles.test(id))
  t.ok(wanted.length > 10)
  for (const code of others) {
    language.value = code
    t.same(Object.keys(diagnosisTexts().names).toSorted(), wanted.toSorted(), code)
    for (const fault of Object.keys(faults)) {
      const { words } = diagnosisInWords({ id: 'disk', status: 'failure', code: fault, cause: said })
      t.notMatch(words, /^$|as the gateway says it/, `${code}: ${fault}`)
    }
    t.not(diagnosisInWords({ id: 'disk', status: 'ok', found: said }).words, '')
    t.notMatch(diagnosisInWords({ id: 'x', status: 'not-checked', after: 'clock' }).words, /after|clock/)
  }
})

t.test('a check of a certificate says what it found and what to do, in each language', async t => {
  const row = { name: 'dates', isPassed: false, detail: said, values: {}, code: 'certificate-expired', remedy: said }
  language.value = 'en'
  t.match(certificateCheckInWords(row), { found: said, remedy: said, detail: undefined })
  const values = { from: '2026-01-01T00:00:00.000Z', to: '2027-01-01T00:00:00.000Z', count: '1', name: 'N', key: 'K' }
  const more = { form: 'PEM', subject: 'S', serial: '1', until: values.to, authorities: 'A', partner: 'P', hosts: 'H' }
  for (const code of others) {
    language.value = code
    const { found, remedy, detail } = certificateCheckInWords(row)
    t.notMatch(`${found} ${remedy}`, /as the gateway says it/, code)
    t.match(detail, said, 'what is exact stands beside it')
    for (const name of Object.keys(checkTexts().passed)) {
      const passed = { ...row, name, isPassed: true, values: { ...values, ...more }, code: null, remedy: null }
      t.notMatch(certificateCheckInWords(passed).found, /as the gateway says it|undefined|Invalid/, `${code}: ${name}`)
    }
  }
})

t.test('no language has words for what is gone', async t => {
  for (const code of others) {
    language.value = code
    const words = [...Object.keys(faultSentences()), ...Object.keys(faultRemedies())]
    t.same(
      words.filter(fault => !Object.hasOwn(faults, fault)),
      [],
      code,
    )
    const { names, good, bad } = healthTexts()
    const checks = [names, good, bad].flatMap(texts => Object.keys(texts))
    t.same(
      checks.filter(check => !readinessChecks.includes(check)),
      [],
      code,
    )
  }
})
