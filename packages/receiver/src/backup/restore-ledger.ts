// A new data folder from a backup. What partners may have seen of the log, and the backup lacks, is
// declared before anything is written.
import { basename } from 'node:path'
import { amount, Fault } from '@seg/core'
import { checkEmpty, findBackup, restoreBackup } from '@seg/ledger'
import { openRestoredTrail, performAct, restoredAct } from '@seg/operators'
import { loadVerifierKeys } from '@seg/pki'
import { version } from '../open-ledger.ts'
import { type LogTrust, verifyStoredLog } from '../stored/verify-log.ts'
import type { Show } from './back-up-ledger.ts'
import { compareKnown, readKnown } from './known-log.ts'

export type Declared = {
  /** A file with checkpoints of the log that are known elsewhere. */
  readonly checkpoint?: string | undefined
  /** Entries are lost, or nobody knows. */
  readonly entriesLost?: true | undefined
  readonly why?: string | undefined
}

export type RestoredLedger = {
  /** The backup, and the moment that it is of. */
  readonly path: string
  readonly at: string
  readonly size: number
  readonly root: string
  readonly documents: number
  /** Entries that the log is known to have shown; undefined when nobody says. */
  readonly known: number | undefined
}

/**
 * Makes `data` of a backup, or of the latest in a folder of backups. Throws the Faults
 * `log-incomplete` for a log that has shown more, or may have, which nobody declares;
 * `backup-invalid`; `log-invalid`; and those of `restoreBackup`.
 */
export async function restoreLedger(
  from: string,
  data: string,
  declared: Declared,
  trust: LogTrust,
  show: Show,
): Promise<RestoredLedger> {
  const backup = findBackup(from)
  const { path, record } = backup
  if (record.owner !== 'receiver')
    throw new Fault('configuration', `${path} is a backup of a ${record.owner}, expected that of a receiver`)
  await checkEmpty(data)
  const keys = await loadVerifierKeys(trust.certs)
  const checkpoints = declared.checkpoint === undefined ? undefined : await readKnown(declared.checkpoint, keys)
  const known = checkpoints && Math.max(...checkpoints.map(({ size }) => size))
  checkDeclared(Number(record.log?.size), known, declared)
  const { head, documents } = await verifyStoredLog(path, trust, ({ entries, of }) =>
    show(`${entries} of ${amount(of, 'entry')} verified`),
  )
  const { size } = head
  const root = head.root.toString('base64')
  if (size !== record.log?.size || root !== record.log.root)
    throw new Fault(
      'backup-invalid',
      `${path} was made of a log of ${amount(record.log?.size ?? 0, 'entry')} with the root ${record.log?.root}, ` +
        `found ${size} with ${root}`,
    )
  if (checkpoints) await compareKnown(path, size, checkpoints, keys)
  let isRestored = false
  const look = async () => (isRestored ? { size, root, known: known ?? null } : null)
  await restoreBackup(backup, data, show, async giveName => {
    const trail = await openRestoredTrail(data, version)
    await performAct(trail, { ...restoredAct(basename(path)), look, why: declared.why }, async () => {
      await giveName()
      isRestored = true
    }).finally(() => trail.close())
  })
  return { path, at: record.at, size, root, documents, known }
}

/** A log that continues after fewer entries than it has shown is a second history. */
function checkDeclared(size: number, known: number | undefined, { entriesLost, why }: Declared): void {
  if (entriesLost && why === undefined)
    throw new Fault('usage', '--entries-lost is declared with --why: the audit trail keeps the reason')
  if (entriesLost || (known !== undefined && known <= size)) return
  throw new Fault(
    'log-incomplete',
    known === undefined
      ? `the backup has ${amount(size, 'entry')}, and nobody says how many the log has shown: give the ` +
          'latest checkpoint of the log that is known elsewhere, of a partner (`sender log show --out FILE`) ' +
          'or of the receiver before it stopped (GET /v1/log/checkpoint), with --checkpoint FILE'
      : `the log has shown ${amount(known, 'entry')}, the backup has ${size}: ` +
          `it lacks ${known - size}, with the documents in them; restore a later backup`,
  )
}
