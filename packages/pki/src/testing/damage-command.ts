// `pnpm --filter pki fuzz [COUNT] [SEED]`: the long form of path/damage.test.ts, 100,000 damaged
// certificates by default.
import { runDamage, type Tally } from './damage.ts'

const [count = '100000', seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2)

function show({ wrong, ...counts }: Tally): void {
  console.log(`seed ${seed}: ${JSON.stringify({ ...counts, wrong: wrong.length })}`)
}

const tally = runDamage(Number(count), Number(seed), show)
show(tally)
for (const { chain, output } of tally.wrong) console.log(`${output}\n${chain.join('')}`)
process.exitCode = tally.wrong.length > 0 ? 1 : 0
