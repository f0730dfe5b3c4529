// Each kind of change of whom we rely on, as the text of the configuration file after it: the same
// for commands and for the operators' API.
import {
  type ConfigurationFile,
  changeRecord,
  changeValue,
  Fault,
  findRecord,
  parseConfiguration,
  quote,
} from '@seg/core'
import type { TrustRecord } from '@seg/pki'
import { noPartnerRecord } from './change-trust.ts'
import type { TrustValues } from './read-trust.ts'

/** Throws the Fault `not-found`. */
export function withoutPartner({ path, text }: ConfigurationFile, record: TrustRecord, id: string): string {
  if (findRecord(parseConfiguration(path, text), 'partners', id) === undefined) throw noPartnerRecord(id, record)
  return changeRecord(text, { list: ['partners'], id, record: undefined })
}

/**
 * With the first authority only listed partners count: records of the mode `ca` stay, recognized by
 * it.
 */
export function withAuthority({ path, text }: ConfigurationFile, record: TrustRecord, name: string, value: object) {
  const isSwitched = record.mode === 'ca'
  const moved = isSwitched ? record.partners : []
  // `trust: ca` is short for a map of the mode alone.
  const switched = isSwitched ? changeValue(text, ['trust'], { mode: 'listed' }) : text
  const open = moved.reduce((before, { id }) => nameAuthority({ path, text: before }, id, name), switched)
  return changeValue(open, ['trust', 'authorities', name], value)
}

/** Throws the Fault `not-found`. */
export function withoutAuthority({ text }: ConfigurationFile, record: TrustRecord, name: string): string {
  if (!record.authorities.some(authority => authority.name === name))
    throw new Fault('not-found', `no authority is named ${quote(name)}`)
  return changeValue(text, ['trust', 'authorities', name], undefined)
}

export function withAll({ text }: ConfigurationFile, { trust, partners }: TrustValues): string {
  const withTrust = changeValue(text, ['trust'], trust)
  return changeValue(withTrust, ['partners'], partners.length === 0 ? undefined : partners)
}

/** A record of the mode `ca` stays, with its state: who was suspended is never active between. */
function nameAuthority(
  { path, text }: Pick<ConfigurationFile, 'path' | 'text'>,
  id: string,
  authority: string,
): string {
  const known = findRecord(parseConfiguration(path, text), 'partners', id)
  const certificates = [{ for: ['tls', 'sign'], authority, subject: { CN: id } }]
  return changeRecord(text, { list: ['partners'], id, record: { ...known, id, certificates } })
}
