// `receiver diagnose`: all that would keep a receiver from starting or from accepting, and what to
// do about it.
import { type Command, diagnose, openOutput, readSettings, reportDiagnosis } from '@seg/core'
import { receiverChecks } from '../diagnosis/receiver-checks.ts'
import { readHandOffs } from '../hand-off/targets.ts'
import { startSettings } from './start-command.ts'

export async function runDiagnoseReceiver(_options: object, command: Command): Promise<void> {
  const { config } = command.opts()
  const checks = receiverChecks({
    readSettings: () => ({ ...readSettings(command, startSettings), config }),
    readHandOff: () => readHandOffs(command, readSettings(command, ['data']).data),
    now: () => new Date(),
  })
  reportDiagnosis(await diagnose(checks), openOutput(command))
}
