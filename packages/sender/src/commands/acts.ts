// What commands of the sender change, for their audit records.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, findRecord, readConfigurationFile, readSettings, recordValues, resolveUserPath } from '@seg/core'
import { openOutboxReader } from '@seg/ledger'
import { auditedCommand, type Describe, type Run } from '@seg/operators'
import { readCertificates } from '@seg/pki'

export const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

/** `run` with its audit records. Throws as `performAct` does. */
export function recordAct<Given extends readonly unknown[]>(describe: Describe<Given>, run: Run<Given>): Run<Given> {
  return auditedCommand({ owner: 'sender', version }, describe, run)
}

/** `outbox retry` and `cancel`. */
export function deliveryAct(action: 'retried' | 'cancelled') {
  return (names: readonly string[], _options: object, command: Command) => ({
    action: `delivery.entry-${action}`,
    category: 'delivery' as const,
    on: { kind: 'outbox-entry', id: names.join(' ') },
    look: async () => statesOf(names, readSettings(command, ['data']).data),
    ofData: true as const,
  })
}

export function endLogAct(log: string, _options: object, _command: Command) {
  const on = { kind: 'log', id: log }
  const look = async () => null
  return { action: 'configuration.log-ended', category: 'configuration' as const, on, look, ofData: true as const }
}

export function outboxBackupAct(place: string, _options: object, _command: Command) {
  const on = { kind: 'backups', id: resolveUserPath(place) }
  const look = async () => null
  return { action: 'system.backed-up', category: 'system' as const, on, look, ofData: true as const }
}

/** `rollover announce` and `finish`. */
export function announcementAct(action: 'announced' | 'finished') {
  return (...given: readonly unknown[]) => {
    const { certs } = readSettings(given.at(-1) as Command, ['certs'])
    const { certificate } = given.at(-2) as { certificate: string }
    return {
      action: `key.rollover-${action}`,
      category: 'key' as const,
      on: { kind: 'certificate', id: certificate },
      look: async () => (await readCertificates(join(certs, 'sender.crt')).catch(() => []))[0]?.fingerprint256 ?? null,
    }
  }
}

/** `receivers add` and the others that change one record. */
export function receiverAct(action: string) {
  return (id: string, _options: object, command: Command) => ({
    action: `partner.receiver-${action}`,
    category: 'partner' as const,
    on: { kind: 'receiver', id },
    look: async () => findRecord(await readConfigurationFile(command.opts().config), 'receivers', id) ?? null,
  })
}

export function importReceiversAct(_file: string, _options: object, command: Command) {
  const on = { kind: 'receivers', id: 'all' }
  const look = async () => recordValues(await readConfigurationFile(command.opts().config), 'receivers')
  return { action: 'partner.receivers-imported', category: 'partner' as const, on, look }
}

async function statesOf(names: readonly string[], data: string): Promise<unknown> {
  const numbers = names.filter(name => /^\d{1,15}$/.test(name)).map(Number)
  const reader = await openOutboxReader(data)
  try {
    const entries = (await reader?.entries(numbers)) ?? []
    return Object.fromEntries(entries.map(({ number, state }) => [number, state]))
  } finally {
    await reader?.close()
  }
}
