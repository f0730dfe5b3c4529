// `sender diagnose`: all that would keep documents from being delivered, here and at a receiver,
// and what to do about it.
import { type Command, diagnose, openOutput, reportDiagnosis } from '@seg/core'
import { checksOfDelivery } from './delivery-checks.ts'

export async function runDiagnoseSender({ to }: { to?: URL }, command: Command): Promise<void> {
  reportDiagnosis(await diagnose(checksOfDelivery(command, to)), openOutput(command))
}
