// A backup of the ledger with its audit trail and its facts, verified as `log verify` and `audit
// verify` do.
import { amount } from '@seg/core'
import { type BackupRecord, type MadeBackup, makeBackup, openEvidence } from '@seg/ledger'
import { settleCopiedTrail } from '@seg/operators'
import { version } from '../open-ledger.ts'
import { type LogTrust, verifyStoredLog } from '../stored/verify-log.ts'

export type Show = (line: string) => void

/** Throws as `makeBackup`, `log verify` and `audit verify` do. */
export function backUpLedger(data: string, place: string, trust: LogTrust, show: Show): Promise<MadeBackup> {
  return makeBackup(data, place, {
    owner: 'receiver',
    version,
    now: () => new Date(),
    onProgress: show,
    verify: folder => verifyCopy(folder, trust, show),
  })
}

async function verifyCopy(
  folder: string,
  trust: LogTrust,
  show: Show,
): Promise<Pick<BackupRecord, 'of' | 'log' | 'documents'>> {
  const { head, documents } = await verifyStoredLog(folder, trust, ({ entries, of }) =>
    show(`${entries} of ${amount(of, 'entry')} verified`),
  )
  await settleCopiedTrail(folder, head.size)
  const evidence = openEvidence(folder)
  const checkpoint = head.size === 0 ? '' : String(await evidence.checkpoint(head.size))
  await evidence.close()
  const [of = ''] = checkpoint.split('\n')
  return { of, log: { size: head.size, root: head.root.toString('base64'), checkpoint }, documents }
}
