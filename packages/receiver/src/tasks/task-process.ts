// Does one task of an operator: started by fork-task.ts, ended by itself or by whoever started it.
import { constants, setPriority } from 'node:os'
import { asFault, commandWith, diagnose } from '@seg/core'
import { backUpLedger } from '../backup/back-up-ledger.ts'
import { checksOfStart } from '../commands/start-settings.ts'
import type { FromTask, GivenTask } from './task-messages.ts'

type Result = Readonly<Record<string, unknown>>

// Documents go first.
setPriority(constants.priority.PRIORITY_LOW)
process.umask(0o077)
// The process that waited has ended; the next backup removes what is unfinished.
process.on('disconnect', () => process.exit(1))
process.once('message', async (given: GivenTask) => {
  const last = await run(given).then(
    result => ({ result }),
    error => {
      const { code, detail } = asFault(error)
      return { failure: { code, detail } }
    },
  )
  process.send?.(last satisfies FromTask, () => process.exit(0))
})

async function run(given: GivenTask): Promise<Result> {
  if (given.kind === 'diagnosis') {
    const checks = await diagnose(checksOfStart(commandWith(given.started)))
    const count = (status: string) => checks.filter(check => check.status === status).length
    return { ok: count('failure') === 0, failures: count('failure'), warnings: count('warning'), checks }
  }
  const { data, place, certs, config } = given
  const { path, record, copied, linked } = await backUpLedger(data, place, { certs, config }, progress =>
    process.send?.({ progress } satisfies FromTask),
  )
  const { at, log, documents } = record
  return { ok: true, backup: path, at, size: log?.size, root: log?.root, documents, copied, linked }
}
