// A change of trust by a command becomes an entry of the log at once when no receiver runs; a
// running one finds the change by itself, and the next start what is not recorded yet.
import { Fault } from '@seg/core'
import { hasLedger } from '@seg/ledger'
import { loadLogKey, loadSeal, type TrustPolicy, type TrustRecord } from '@seg/pki'
import { openSealedLedger } from '../open-ledger.ts'
import { recordTrustChanges } from './trust-journal.ts'

export async function recordWhileStopped(
  certs: string,
  data: string,
  changed: { readonly record: TrustRecord; readonly policy: TrustPolicy },
  by: string,
): Promise<void> {
  if (!hasLedger(data)) return
  try {
    const seal = await loadSeal(certs)
    const ledger = await openSealedLedger(data, seal, await loadLogKey(certs, seal.id))
    try {
      await recordTrustChanges(ledger, data, changed, new Date(), by)
    } finally {
      await ledger.close()
    }
  } catch (error) {
    // The process that holds the ledger records it.
    if (!(error instanceof Fault)) throw error
  }
}
