// `pnpm kills [ROUNDS]`: the tests that kill processes, or try a thing everywhere, at length. The
// suite runs a short form of each.
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'

const rounds = Number(process.argv[2] ?? 1000)
if (!Number.isSafeInteger(rounds) || rounds < 1) {
  process.stderr.write(`usage: pnpm kills [ROUNDS]: a number from 1, not ${JSON.stringify(process.argv[2])}\n`)
  process.exit(2)
}

const tests = [
  'packages/ledger/src/sqlite/crash.test.ts',
  'packages/ledger/src/sqlite/crash-matrix.test.ts',
  'packages/ledger/src/verification/tampering.test.ts',
  'test/e2e/kill-loop.test.ts',
  'test/e2e/deliver-kill.test.ts',
  'test/e2e/shared-outbox.test.ts',
  'test/e2e/parallel.test.ts',
  'test/independent/falsified.test.ts',
  'test/outbox/crash-matrix.test.ts',
  'test/pki/kill-matrix.test.ts',
]
const failed = tests.filter(test => {
  const { status } = spawnSync(process.execPath, [resolve(import.meta.dirname, '..', test)], {
    stdio: 'inherit',
    env: { ...process.env, KILL_ROUNDS: String(rounds), TAP_TIMEOUT: '0' },
  })
  return status !== 0
})
for (const test of failed) process.stderr.write(`${test} failed\n`)
process.exitCode = failed.length === 0 ? 0 : 1
