// The settings of a start, and the checks of `diagnose` for them.
import { type Command, readSettings } from '@seg/core'
import { receiverChecks } from '../diagnosis/receiver-checks.ts'
import { doubtsOf, readHandOffs } from '../hand-off/targets.ts'

export const startSettings = [
  'certs',
  'data',
  'host',
  'port',
  'clockSkew',
  'documentLimit',
  'secondOpinion',
  'rateLimit',
  'diskReserve',
  'storageQuota',
  'adminPort',
  'adminHost',
  'adminCertificatePort',
  'fourEyes',
  'deskDays',
  'deskBytes',
  'consoleOutbox',
  'backups',
  'tracing',
  'tracingCa',
  'ledger',
  'ledgerPassword',
  'node',
  'proxyProtocol',
  'readyListen',
  'drainTime',
  'processes',
] as const

/** What a start with these settings needs. */
export function checksOfStart(command: Command): ReturnType<typeof receiverChecks> {
  const { config } = command.opts()
  return receiverChecks({
    readSettings: () => ({ ...readSettings(command, startSettings), config }),
    findHandOffDoubts: async () => doubtsOf(await readHandOffs(command, readSettings(command, ['data']).data)),
    now: () => new Date(),
  })
}
