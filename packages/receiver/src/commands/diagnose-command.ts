// `receiver diagnose`: all that would keep a receiver from starting or from accepting, and what to
// do about it.
import { type Command, diagnose, openOutput, reportDiagnosis } from '@seg/core'
import { checksOfStart } from './start-settings.ts'

export async function runDiagnoseReceiver(_options: object, command: Command): Promise<void> {
  reportDiagnosis(await diagnose(checksOfStart(command)), openOutput(command))
}
