// `sender diagnose`: all that would keep documents from being delivered, here and at a receiver,
// and what to do about it.
import { type Command, diagnose, openOutput, readSettings, reportDiagnosis } from '@seg/core'
import { senderChecks } from '../diagnosis/sender-checks.ts'

/** Milliseconds for each connection. */
const PATIENCE = 10_000

export async function runDiagnoseSender({ to }: { to?: URL }, command: Command): Promise<void> {
  const checks = senderChecks({
    readSettings: () => readSettings(command, ['certs', 'data']),
    to,
    now: () => new Date(),
    patience: PATIENCE,
  })
  reportDiagnosis(await diagnose(checks), openOutput(command))
}
