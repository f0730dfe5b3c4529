// What the API and the verifier say by a code has words in every language of the console.
import { join } from 'node:path'
import { faults } from '@seg/core'
import t from 'tap'
import { rules } from '../../packages/operators/src/alerts/rules.ts'
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
