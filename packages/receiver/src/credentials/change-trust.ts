// One change of whom we rely on, in the configuration file, which a running receiver follows.
import {
  type ConfigurationFile,
  changeConfigurationFile,
  changeRecord,
  type Fault,
  findRecord,
  noRecordOf,
  parseConfiguration,
} from '@seg/core'
import {
  fetchedListsFolder,
  loadTrust,
  loadTrustPolicy,
  type Partner,
  type TrustPolicy,
  type TrustRecord,
} from '@seg/pki'
import { parseTrust } from './read-trust.ts'

export type TrustPlace = { readonly certs: string; readonly data: string; readonly config?: string | undefined }
export type ChangedTrust = { readonly record: TrustRecord; readonly policy: TrustPolicy }
/** Gives the text of the file after the change. */
export type EditTrust = (file: ConfigurationFile, record: TrustRecord) => string

/**
 * Tried out before it is written, and not written by a dry run: what it names can be read, and
 * nothing is ambiguous. Throws the Faults `configuration` and `file-unreadable`, and what `edit`
 * throws, with nothing changed.
 */
export async function changeTrust(
  { certs, data, config }: TrustPlace,
  edit: EditTrust,
  isDryRun = false,
): Promise<ChangedTrust> {
  const trust = await loadTrust(certs)
  let changed: ChangedTrust | undefined
  await changeConfigurationFile(config, async before => {
    const text = edit(before, parseTrust(before).record)
    const { record } = parseTrust(parseConfiguration(before.path, text))
    const policy = await loadTrustPolicy(record, trust, { certs, file: before.path, fetched: fetchedListsFolder(data) })
    changed = { record, policy }
    return isDryRun ? before.text : text
  })
  if (changed === undefined) throw new TypeError('the file was changed without its editor')
  return changed
}

/** Throws the Fault `not-found` for a partner without a record that must have one. */
export function setPartnerState(place: TrustPlace, id: string, state: 'active' | 'suspended'): Promise<ChangedTrust> {
  return changeTrust(place, (file, record) => partnerWithState(file, record, id, state))
}

/** Throws as `setPartnerState` does. */
export function partnerWithState(
  { path, text }: ConfigurationFile,
  record: TrustRecord,
  id: string,
  state: 'active' | 'suspended',
): string {
  const known = findRecord(parseConfiguration(path, text), 'partners', id)
  if (known === undefined && (record.mode === 'listed' || state === 'active')) throw noPartnerRecord(id, record)
  return changeRecord(text, { list: ['partners'], id, record: { ...known, id, state } })
}

export function noPartnerRecord(
  id: string,
  { mode, partners }: { readonly mode: string; readonly partners: readonly Partner[] },
): Fault {
  const why =
    mode === 'ca' ? '; in the mode ca a certificate of certs/ca.crt is enough, and `suspend` makes a record' : ''
  return noRecordOf(
    id,
    partners.map(partner => partner.id),
    why,
  )
}
