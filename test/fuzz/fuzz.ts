// `pnpm fuzz [--minutes N] [--seed S] [--only CAMPAIGN] [--path P]`: fuzzes at length, keeps what
// it finds, exits 1 when it found something.
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Campaign } from './campaign.ts'
import { openCampaigns } from './campaigns.ts'
import { type Found, report, runCampaign } from './run.ts'

const folder = resolve(import.meta.dirname, '../../fuzz-findings')
const RUNS = 300
const REPORT_EVERY_MS = 10_000

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string' },
    only: { type: 'string' },
    path: { type: 'string' },
  },
})
const firstSeed = values.seed === undefined ? Date.now() % 2 ** 30 : Number(values.seed)
const opened = await openCampaigns()
const campaigns = opened.campaigns.filter(({ name }) => values.only === undefined || name === values.only)
if (campaigns.length === 0) throw new TypeError(`there is no campaign ${values.only}`)
try {
  const findings = values.path === undefined ? await fuzz(Number(values.minutes) * 60_000) : await replay(values.path)
  process.exitCode = findings > 0 ? 1 : 0
} finally {
  await opened.close()
}

/** Returns the number of findings. */
async function fuzz(milliseconds: number): Promise<number> {
  const cases = new Map(campaigns.map(campaign => [campaign, 0]))
  const going = new Set(campaigns)
  const started = Date.now()
  let reported = started
  let findings = 0
  console.log(`seed ${firstSeed}`)
  for (let seed = firstSeed; Date.now() - started < milliseconds && going.size > 0; seed++) {
    const campaign = nextCampaign(cases, going)
    const outcome = runCampaign(campaign, seed, RUNS, false)
    cases.set(campaign, cases.get(campaign)! + outcome.cases)
    if (outcome.found !== undefined) {
      findings++
      // It would find the same again and again.
      going.delete(campaign)
      await keep(outcome.found)
    }
    if (Date.now() - reported < REPORT_EVERY_MS) continue
    reported = Date.now()
    printProgress(cases, reported - started, findings)
  }
  for (const campaign of going) {
    const { found } = runCampaign(campaign, firstSeed, 1, true)
    if (found === undefined) continue
    findings++
    await keep(found)
  }
  printProgress(cases, Date.now() - started, findings)
  return findings
}

/** The campaign that is furthest behind its share. */
function nextCampaign(cases: ReadonlyMap<Campaign, number>, going: ReadonlySet<Campaign>): Campaign {
  const progress = (campaign: Campaign) => cases.get(campaign)! / campaign.share
  return [...going].reduce((a, b) => (progress(a) <= progress(b) ? a : b))
}

function printProgress(cases: ReadonlyMap<Campaign, number>, milliseconds: number, findings: number): void {
  const total = [...cases.values()].reduce((a, b) => a + b, 0)
  const each = [...cases].map(([{ name }, count]) => `${name} ${count}`).join(', ')
  console.log(
    `${Math.round(milliseconds / 1000)} s (${Math.round(process.cpuUsage().user / 1e6)} s of processor), ` +
      `${total} cases (${Math.round((total * 1000) / milliseconds)}/s): ${each}; ${findings} findings`,
  )
}

async function replay(path: string): Promise<number> {
  const { found } = runCampaign(campaigns[0]!, firstSeed, 1, true, path)
  console.log(found === undefined ? 'nothing is found there any more' : report(found))
  return found === undefined ? 0 : 1
}

/** The document, and beside it what is wrong and how to find it again. */
async function keep(found: Found): Promise<void> {
  await mkdir(folder, { recursive: true })
  const name = join(folder, `${found.campaign}-${found.seed}`)
  const again =
    found.path === undefined ? '' : `\npnpm fuzz --only ${found.campaign} --seed ${found.seed} --path ${found.path}`
  await writeFile(`${name}.xml`, found.document)
  await writeFile(`${name}.txt`, `${report(found)}${again}\n`)
  console.log(`FOUND ${report(found)}${again}`)
}
