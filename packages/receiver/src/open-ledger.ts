// The receiver's ledger: its log has the receiver's name, its receipts have the receiver's seal.
import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { type Ledger, type LedgerAddress, openLedger } from '@seg/ledger'
import { type LogIdentity, type SealIdentity, TokenKey } from '@seg/pki'
import type { SealingData } from './acceptance/seal-receipts.ts'

export const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}

/** Where it is, if not in the data folder, and the name of this node there. */
type LedgerPlace = { readonly address?: LedgerAddress | undefined; readonly node?: string | undefined }

/** What receipts are sealed with. */
export function sealingOf({ id, certificatePem, key }: Sealing): SealingData {
  const place = key instanceof TokenKey ? { path: key.path, uri: key.address.uri } : key
  return { receiverId: id, certificatePem, key: place }
}

type Sealing = Pick<SealIdentity, 'id' | 'certificatePem' | 'key'>

/**
 * Opens the ledger of `data`, which is at that address from here on where there is one, and logs
 * nothing. Throws the Faults `storage-unavailable` and
 * `configuration`, for a ledger that is bound to another log or key.
 */
export function openSealedLedger(
  data: string,
  { id, certificatePem, key }: Sealing,
  log: LogIdentity,
  note?: (line: string) => void,
  { address, node }: LedgerPlace = {},
): Promise<Ledger> {
  const sealing = sealingOf({ id, certificatePem, key })
  // The same file, whether run as it is written or compiled.
  const module = new URL(`./acceptance/seal-receipts${extname(import.meta.filename)}`, import.meta.url).href
  return openLedger(data, { log, address, node, ...(note && { note }), sealer: { module, data: sealing } })
}

/** Gets the index of an entry, by the digest of the audit record that it names. */
type Recorded = { readonly digest: string; entered(index: number): void }

/**
 * Opens the ledger in `data` and logs that the receiver starts; `recorded` is the audit record of
 * that. Throws as `openSealedLedger` does.
 */
export async function openReceiverLedger(
  data: string,
  { id, certificatePem, key }: Sealing,
  log: LogIdentity,
  now: () => Date,
  note?: (line: string) => void,
  recorded?: () => Promise<Recorded>,
  place?: LedgerPlace,
): Promise<Ledger> {
  const ledger = await openSealedLedger(data, { id, certificatePem, key }, log, note, place)
  try {
    const record = await recorded?.()
    const at = now().toISOString()
    const index = await ledger.record({ type: 'start', at, version, ...(record && { record: record.digest }) })
    record?.entered(index)
    return ledger
  } catch (error) {
    await ledger.close()
    throw error
  }
}

/** Logs that the receiver stops, if that can be logged, and closes its ledger. */
export async function closeReceiverLedger(
  ledger: Ledger,
  now: () => Date,
  recorded?: () => Promise<Recorded>,
): Promise<void> {
  try {
    const record = await recorded?.()
    const at = now().toISOString()
    const index = await ledger.record({ type: 'stop', at, ...(record && { record: record.digest }) })
    record?.entered(index)
  } catch {
    // A receiver stops even if nothing can be written.
  }
  await ledger.close()
}
