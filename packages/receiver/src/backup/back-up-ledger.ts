// A backup of the ledger with its audit trail and its facts, verified as `log verify` and `audit
// verify` do.
import { amount, Fault } from '@seg/core'
import { type BackupRecord, describeLedgerPlace, type MadeBackup, makeBackup, openEvidence } from '@seg/ledger'
import { settleCopiedTrail } from '@seg/operators'
import { version } from '../open-ledger.ts'
import { type LogTrust, verifyStoredLog } from '../stored/verify-log.ts'

export type Show = (line: string) => void

/** Throws as `makeBackup`, `log verify` and `audit verify` do. */
export async function backUpLedger(data: string, place: string, trust: LogTrust, show: Show): Promise<MadeBackup> {
  const elsewhere = describeLedgerPlace(data)
  if (elsewhere !== undefined)
    throw new Fault(
      'configuration',
      `the ledger of ${data} is in ${elsewhere}, which this command does not copy: ` +
        'back it up with pg_basebackup (docs/high-availability.md)',
    )
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
