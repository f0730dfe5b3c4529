// The ledger in a data folder, recomputed from the documents up under the trust of this gateway:
// what `log verify` does, and what a backup is held to.
import { readSection } from '@seg/core'
import { type LedgerProgress, openEvidence, type VerifiedLedger, verifyLedger } from '@seg/ledger'
import { fetchedListsFolder, loadTrust, loadTrustPolicy, loadVerifierKeys } from '@seg/pki'
import { documentsSection } from '@seg/xmldsig'
import { readTrust } from '../credentials/read-trust.ts'
import { openOriginCheck } from './verify-origin.ts'
import { openReceiptCheck } from './verify-sealed-receipt.ts'

export type LogTrust = { readonly certs: string; readonly config: string | undefined }

/** Throws as `verifyLedger` does, and `configuration` for what this gateway relies on. */
export async function verifyStoredLog(
  data: string,
  { certs, config }: LogTrust,
  onProgress: (progress: LedgerProgress) => void,
): Promise<VerifiedLedger> {
  const trust = await loadTrust(certs)
  const { record, path } = await readTrust(config)
  const { value: types } = readSection(config, documentsSection)
  const verifierKeys = await loadVerifierKeys(certs)
  const checks = {
    checkReceipt: openReceiptCheck(trust),
    checkOrigin: openOriginCheck(
      await loadTrustPolicy(record, trust, { certs, file: path, fetched: fetchedListsFolder(data) }),
      types,
    ),
  }
  const verification = verifyLedger(openEvidence(data), verifierKeys.join('\n'), checks)
  for (let step = await verification.next(); ; step = await verification.next()) {
    if (step.done) return step.value
    onProgress(step.value)
  }
}
