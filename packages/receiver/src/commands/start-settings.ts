// The settings of a start with their defaults, and the checks of `diagnose` for them.
import { resolve } from 'node:path'
import { type Command, readSettings, rootFolder } from '@seg/core'
import { receiverChecks } from '../diagnosis/receiver-checks.ts'
import { doubtsOf, readHandOffs } from '../hand-off/targets.ts'
import { defaultReceiverLimits } from '../limits.ts'

export const startDefaults = {
  port: 8443,
  host: 'localhost',
  certs: resolve(rootFolder, 'certs'),
  data: resolve(rootFolder, 'data/receiver'),
  clockSkew: 300,
  documentLimit: defaultReceiverLimits.documentBytes,
  secondOpinion: 'off',
  logFile: undefined,
  rateLimit: 'off',
  diskReserve: 'auto',
  storageQuota: 'off',
  adminPort: 'auto',
  adminHost: 'localhost',
  adminCertificatePort: 'off',
  fourEyes: 'off',
  deskDays: 90,
  deskBytes: 10 * 1024 ** 3,
  consoleOutbox: 'off',
  backups: 'off',
  tracing: 'off',
  tracingCa: undefined,
  ledger: undefined,
  ledgerPassword: undefined,
  node: undefined,
  proxyProtocol: 'off',
  readyListen: 'off',
  drainTime: 0,
  processes: 1,
} as const

export const startSettings = Object.keys(startDefaults) as (keyof typeof startDefaults)[]

/** What a start with these settings needs. */
export function checksOfStart(command: Command): ReturnType<typeof receiverChecks> {
  const { config } = command.opts()
  return receiverChecks({
    readSettings: () => ({ ...readSettings(command, startSettings), config }),
    findHandOffDoubts: async () => doubtsOf(await readHandOffs(command, readSettings(command, ['data']).data)),
    now: () => new Date(),
  })
}
