// One run of the tests against one mutant, in a process of its own.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Mutant } from './mutants.ts'

export type Outcome = 'killed' | 'timeout' | 'survived'

const folder = import.meta.dirname
/** A mutant may allocate without end: this is all it gets. */
const DATA_KIB = 3 * 1024 * 1024

/** Of all tests together: `silence` ends what goes round in circles. */
const MOST_SECONDS = '600'

/** The one test that takes longer than all others; what it finds, others find. */
const SLOW_TEST = '/^whatever byte of a document is changed/'

/**
 * Runs the tests until one fails, or `silence` milliseconds pass in which none says anything.
 * Without a mutant: as they are.
 */
export function runTests(
  mutant: Mutant | undefined,
  silence: number,
): Promise<{ outcome: Outcome; longestSilence: number }> {
  const { MUTANT: _, ...env } = process.env
  const node = [
    process.execPath,
    '--max-old-space-size=512',
    '--import',
    join(folder, 'apply.ts'),
    join(folder, 'tests.ts'),
  ]
  const tests = spawn('/bin/sh', ['-c', `ulimit -d ${DATA_KIB}; exec "$@"`, 'sh', ...node], {
    env: {
      ...env,
      TAP_BAIL: '1',
      TAP_GREP: SLOW_TEST,
      TAP_INVERT: '1',
      TAP_TIMEOUT: MOST_SECONDS,
      ...(mutant && { MUTANT: JSON.stringify(mutant) }),
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return new Promise((resolve, reject) => {
    let longestSilence = 0
    let heard = Date.now()
    const kill = () => tests.kill('SIGKILL')
    let alarm = setTimeout(kill, silence)
    tests.stdout.on('data', () => {
      longestSilence = Math.max(longestSilence, Date.now() - heard)
      heard = Date.now()
      clearTimeout(alarm)
      alarm = setTimeout(kill, silence)
    })
    tests.once('error', reject)
    tests.once('close', (code, signal) => {
      clearTimeout(alarm)
      const outcome = signal === 'SIGKILL' ? 'timeout' : code === 0 ? 'survived' : 'killed'
      resolve({ outcome, longestSilence })
    })
  })
}
