// The settings of `receiver start` with their defaults.
import { resolve } from 'node:path'
import { rootFolder } from '@seg/core'
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
