// The receiver's ledger: its log has the receiver's name, its receipts have the receiver's seal.
import { readFileSync } from 'node:fs'
import { type Ledger, openLedger } from '@seg/ledger'
import type { Identity, LogIdentity } from '@seg/pki'
import type { SealingData } from './acceptance/seal-receipts.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

/** What receipts are sealed with. */
export function sealingOf({ id, certificatePem, key }: Pick<Identity, 'id' | 'certificatePem' | 'key'>): SealingData {
  return { receiverId: id, certificatePem, key }
}

/**
 * Opens the ledger in `data`, and logs nothing. Throws the Faults `storage-unavailable` and
 * `configuration`, for a ledger that is bound to another log or key.
 */
export function openSealedLedger(
  data: string,
  { id, certificatePem, key }: Pick<Identity, 'id' | 'certificatePem' | 'key'>,
  log: LogIdentity,
  note?: (line: string) => void,
): Promise<Ledger> {
  const sealing = sealingOf({ id, certificatePem, key })
  const module = new URL('./acceptance/seal-receipts.ts', import.meta.url).href
  return openLedger(data, { log, ...(note && { note }), sealer: { module, data: sealing } })
}

/**
 * Opens the ledger in `data` and logs that the receiver starts. Throws as `openSealedLedger` does.
 */
export async function openReceiverLedger(
  data: string,
  { id, certificatePem, key }: Identity,
  log: LogIdentity,
  now: () => Date,
  note?: (line: string) => void,
): Promise<Ledger> {
  const ledger = await openSealedLedger(data, { id, certificatePem, key }, log, note)
  await ledger.record({ type: 'start', at: now().toISOString(), version })
  return ledger
}

/** Logs that the receiver stops, if that can be logged, and closes its ledger. */
export async function closeReceiverLedger(ledger: Ledger, now: () => Date): Promise<void> {
  await ledger.record({ type: 'stop', at: now().toISOString() }).catch(() => {})
  await ledger.close()
}
