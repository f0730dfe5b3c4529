// `pnpm mutation [--sample N] [--seed S] [--only FILES] [--workers N]`: how many small faults in
// the engine its tests notice (docs/mutation.md).
import { globSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Mutant, readMutants } from './mutants.ts'
import { type Outcome, runTests } from './run.ts'

const project = resolve(import.meta.dirname, '../../packages/xmldsig')
/** Declarations and what tests use have nothing that a verdict depends on. */
const UNTESTED = ['index.ts', 'testing/**']
/**
 * A mutant that is silent for this many times the longest silence of the tests as they are goes
 * round in circles.
 */
const PATIENCE = 4

const { values } = parseArgs({
  options: {
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    workers: { type: 'string', default: '1' },
  },
})
const sources = globSync('**/*.ts', { cwd: join(project, 'src'), exclude: UNTESTED })
const only = values.only?.split(',')
const files = sources.filter(file => only?.includes(basename(file, '.ts')) ?? true).toSorted()
if (files.length === 0) throw new TypeError(`there is no file ${values.only} in ${project}`)
const all = readMutants(
  join(project, 'tsconfig.json'),
  files.map(file => join(project, 'src', file)),
)
const mutants = values.sample === undefined ? all : draw(all, Number(values.sample), Number(values.seed))
const { outcome, longestSilence } = await runTests(undefined, 600_000)
if (outcome !== 'survived') throw new Error('the tests fail without a mutant')
console.log(`${mutants.length} of ${all.length} mutants${values.sample === undefined ? '' : `, seed ${values.seed}`}`)

const outcomes = new Map<Mutant, Outcome>()
const queue = mutants.values()
await Promise.all(Array.from({ length: Number(values.workers) }, work))
for (const file of files) {
  const own = mutants.filter(mutant => mutant.file.endsWith(`/src/${file}`))
  if (own.length > 0) printScore(file, own)
}
printScore('all', mutants)

/** The queue is one for all workers. */
async function work(): Promise<void> {
  for (const mutant of queue) {
    const { outcome } = await runTests(mutant, PATIENCE * longestSilence)
    outcomes.set(mutant, outcome)
    const { file, line, was, text } = mutant
    if (outcome === 'survived')
      console.log(`survived ${relative(project, file)}:${line} ${shorten(was)} → ${shorten(text)}`)
  }
}

/** `count` of them, the same for the same seed, in their order. */
function draw(mutants: readonly Mutant[], count: number, seed: number): Mutant[] {
  let state = seed
  const drawn = mutants.map(mutant => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) | 0
    let hash = Math.imul(state ^ (state >>> 15), 1 | state)
    hash ^= hash + Math.imul(hash ^ (hash >>> 7), 61 | hash)
    return { mutant, lot: (hash ^ (hash >>> 14)) >>> 0 }
  })
  const chosen = new Set(
    drawn
      .toSorted((a, b) => a.lot - b.lot)
      .slice(0, count)
      .map(({ mutant }) => mutant),
  )
  return mutants.filter(mutant => chosen.has(mutant))
}

function printScore(name: string, mutants: readonly Mutant[]): void {
  const count = (wanted: Outcome) => mutants.filter(mutant => outcomes.get(mutant) === wanted).length
  const score = (100 * (1 - count('survived') / mutants.length)).toFixed(1)
  console.log(
    `${name}: ${mutants.length} mutants, ${count('killed')} killed, ` +
      `${count('timeout')} timed out, ${count('survived')} survived: ${score} %`,
  )
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length > 60 ? `${line.slice(0, 59)}…` : line
}
