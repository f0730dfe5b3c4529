// Writes numbered lines to standard error, or to a file that SIGHUP opens again:
// `write-lines.ts COUNT [FILE]`; then, for each line on standard input, one line more. Says on
// standard output how long the longest turn took.
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setImmediate as turn } from 'node:timers/promises'
import { openLineFile, openLineOutput } from '../line-output.ts'

const IN_A_TURN = 50
const count = Number(process.argv[2])
const path = process.argv[3]
const describeLoss = (dropped: number) => `dropped ${dropped}\n`
const file = path === undefined ? undefined : openLineFile(path, describeLoss)
const lines = file ?? openLineOutput(2, describeLoss)
process.on('SIGHUP', () => {
  file?.reopen()
  process.stdout.write(`${JSON.stringify({ reopened: 1 })}\n`)
})
const input = createInterface(process.stdin)

let longest = 0
for (let number = 0; number < count; number += IN_A_TURN) {
  const begin = performance.now()
  for (let i = number; i < Math.min(count, number + IN_A_TURN); i++)
    lines.write(`line ${String(i).padStart(90, '0')}\n`)
  await turn()
  longest = Math.max(longest, performance.now() - begin)
}
process.stdout.write(`${JSON.stringify({ longest })}\n`)
input.on('line', line => lines.write(`more ${line}\n`))
await once(input, 'close')
const begin = performance.now()
await lines.close(500)
process.stdout.write(`${JSON.stringify({ closing: performance.now() - begin })}\n`)
