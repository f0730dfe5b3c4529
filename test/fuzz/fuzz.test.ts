// Differential fuzzing, some thousand documents of it: we and independent programs agree on every
// one. `pnpm fuzz` continues from there.
import { atLength } from '@seg/core/testing/length'
import t from 'tap'
import { needs, run } from '../support/programs.ts'
import { openCampaigns } from './campaigns.ts'
import { report, runCampaign } from './run.ts'

const CASES = atLength(6_000, 60_000)
const RUNS = 200
/** Always the same documents: what this test says depends on the code alone. */
const SEED = 1

const titles: Record<string, string> = {
  'canonical-octets': 'whole documents have the canonical octets of libxml2 and xmllint',
  subtrees: 'elements where they stand have the canonical octets of libxml2',
  'well-formedness': 'no document is accepted that libxml2 refuses, and others are refused for known reasons only',
  tampering:
    'no changed document is accepted unless its canonical form is the one signed, as libxml2 and xmlsec1 confirm',
  pieces: 'the verdict does not depend on the pieces in which a document comes',
}

const { campaigns, close } = await openCampaigns()
t.teardown(close)

for (const program of ['xmllint', 'xmlsec1']) {
  t.test(`${program} has its say`, needs(program), async t => {
    t.equal(run(program, ['--version']).status, 0)
  })
}

for (const campaign of campaigns) {
  t.test(titles[campaign.name]!, async t => {
    const wanted = (CASES * campaign.share) / 100
    let cases = 0
    for (let seed = SEED; cases < wanted; seed++) {
      const outcome = runCampaign(campaign, seed, RUNS, false)
      cases += outcome.cases
      if (outcome.found !== undefined) return t.fail(report(outcome.found))
    }
    const { found } = runCampaign(campaign, SEED, 1, true)
    t.equal(found && report(found), undefined)
    t.ok(cases >= wanted, `${cases} documents`)
  })
}
