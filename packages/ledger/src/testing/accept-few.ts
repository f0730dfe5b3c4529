// Accepts a small and a large document, records an event, and accepts one more: `accept-few.ts
// FOLDER [die]`. A line on standard output says how each ended. Run where calls of the system fail,
// or kill; with `die` the process does not outlive the first that fails.
import { writeSync } from 'node:fs'
import type { Fault } from '@seg/core'
import { makeSample } from './sample-documents.ts'
import { openTestLedger } from './test-ledger.ts'
import { acceptBytes } from './test-log.ts'

const [folder = '', dies] = process.argv.slice(2)
const ledger = await openTestLedger(folder, { sealer: 'entry-sealer' })
await accept('small', 3000)
await accept('large', 300_000)
await tell('event', () => ledger.record({ type: 'stop', at: '2026-01-02T03:04:05.678Z' }))
await accept('last', 3000)
await ledger.close()

function accept(id: string, size: number): Promise<void> {
  const { document, bytes } = makeSample(id, { size })
  return tell(id, () => acceptBytes(ledger, document, bytes))
}

async function tell(name: string, work: () => Promise<unknown>): Promise<void> {
  const outcome = await work().then(
    () => 'done',
    (fault: Fault) => fault.code ?? fault.stack,
  )
  writeSync(1, `${name} ${outcome}\n`)
  if (outcome !== 'done' && dies) process.kill(process.pid, 'SIGKILL')
}
