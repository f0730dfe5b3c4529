// What each command that changes something does, for its audit records: to what, and how that looks
// before and after.
import { type Command, readConfigurationFile, readSettings, resolveUserPath } from '@seg/core'
import { readLogKeys } from '@seg/ledger'
import { type Described, type LetterAct, readAlert, readLetterStates, readMute } from '@seg/operators'
import { trustValues } from '../credentials/read-trust.ts'

/** `partners add` and the others that change one record. */
export function partnerAct(action: string) {
  return (id: string, _options: object, command: Command): Described => ({
    action: `partner.${action}`,
    category: 'partner',
    on: { kind: 'partner', id },
    look: async () => (await readTrustValues(command)).partners.find(partner => partner.id === id) ?? null,
  })
}

export function authorityAct(name: string, _options: object, command: Command): Described {
  const on = { kind: 'authority', id: name }
  return { action: 'partner.authority-changed', category: 'partner', on, look: () => readTrustOf(command) }
}

export function importAct(_file: string, _options: object, command: Command): Described {
  const on = { kind: 'partners', id: 'all' }
  return { action: 'partner.imported', category: 'partner', on, look: () => readTrustValues(command) }
}

export function rolloverAct(action: 'accepted' | 'refused') {
  return (digest: string, _options: object, command: Command): Described => ({
    action: `partner.rollover-${action}`,
    category: 'partner',
    on: { kind: 'certificate', id: digest },
    look: async () => (action === 'accepted' ? (await readTrustValues(command)).partners : null),
    ofData: true,
  })
}

export function letterAct(act: LetterAct) {
  return (indexes: readonly string[], _options: object, command: Command): Described => ({
    action: act === 'retry' ? 'delivery.dead-letter-retried' : 'delivery.dead-letter-discarded',
    category: 'delivery',
    on: { kind: 'dead-letter', id: indexes.join(' ') },
    look: async () => readLetterStates(readSettings(command, ['data']).data, indexes),
    ofData: true,
  })
}

export function rotateAct(_options: object, command: Command): Described {
  const on = { kind: 'log-key', id: 'log.key' }
  const look = async () => (await readLogKeys(readSettings(command, ['data']).data)).at(-1)?.verifierKey ?? null
  return { action: 'key.log-key-rotated', category: 'key', on, look, ofData: true }
}

export function exportAct(id: string, _options: object, _command: Command): Described {
  const on = { kind: 'document', id }
  return { action: 'document.bytes-exported', category: 'document', on, look: async () => null, ofData: true }
}

export function backupAct(place: string, _options: object, _command: Command): Described {
  const on = { kind: 'backups', id: resolveUserPath(place) }
  return { action: 'system.backed-up', category: 'system', on, look: async () => null, ofData: true }
}

export function ackAct(id: string, _options: object, command: Command): Described {
  const on = { kind: 'alert', id }
  const look = async () => readAlert(readSettings(command, ['data']).data, id)
  return { action: 'configuration.alert-acknowledged', category: 'configuration', on, look, ofData: true }
}

export function muteAct(rule: string, { hours }: { readonly hours: number }, _command: Command): Described {
  const on = { kind: 'alert-rule', id: rule }
  const look = async () => ({ hours })
  return { action: 'configuration.alert-muted', category: 'configuration', on, look, ofData: true }
}

export function unmuteAct(rule: string, _options: object, command: Command): Described {
  const on = { kind: 'alert-rule', id: rule }
  const look = async () => readMute(readSettings(command, ['data']).data, rule)
  return { action: 'configuration.alert-unmuted', category: 'configuration', on, look, ofData: true }
}

async function readTrustOf(command: Command): Promise<unknown> {
  return (await readTrustValues(command)).trust
}

async function readTrustValues(command: Command) {
  return trustValues(await readConfigurationFile(command.opts().config))
}

export function loginLinkAct({ role }: { readonly role: string }, _command: Command): Described {
  const on = { kind: 'role', id: role }
  return { action: 'authentication.link-issued', category: 'authentication', on, look: async () => null, ofData: true }
}

export function keyAddedAct({ name }: { readonly name: string }, _command: Command): Described {
  const on = { kind: 'api-key', id: name }
  return { action: 'authorization.api-key-made', category: 'authorization', on, look: async () => null, ofData: true }
}

export function keyRevokedAct(id: string, _options: object, _command: Command): Described {
  const on = { kind: 'api-key', id }
  return {
    action: 'authorization.api-key-revoked',
    category: 'authorization',
    on,
    look: async () => null,
    ofData: true,
  }
}
