// Whom we take documents from, as the configuration file says it.
import {
  type ConfigurationFile,
  Problems,
  plainValue,
  type RecordValue,
  readConfigurationFile,
  recordValues,
} from '@seg/core'
import { type TrustRecord, trustSection } from '@seg/pki'

export type ReadTrust = { readonly path: string; readonly record: TrustRecord }

/** Throws the Fault `configuration` with all that is wrong. */
export async function readTrust(config: string | undefined): Promise<ReadTrust> {
  return parseTrust(await readConfigurationFile(config))
}

/** Throws as `readTrust` does. */
export function parseTrust(file: ConfigurationFile): ReadTrust {
  const problems = new Problems()
  const record = trustSection.read(file, problems)
  problems.throwIfAny(file.path, file.text)
  return { path: file.path, record }
}

export type TrustValues = { readonly trust: unknown; readonly partners: readonly RecordValue[] }

/** The two keys of a file as they are written: to show them, and to write them to another file. */
export function trustValues(file: ConfigurationFile): TrustValues {
  const node = file.entry('trust')
  return { trust: (node && plainValue(node)) ?? 'ca', partners: recordValues(file, 'partners') }
}
