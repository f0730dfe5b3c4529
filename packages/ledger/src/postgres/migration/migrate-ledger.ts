// `receiver migrate`: the ledger of a data folder moves into an empty database, and the folder
// names that from then on. What was in the folder stays there as it was.
import { amount, Fault } from '@seg/core'
import { type CopyProgress, copyLedger } from '../../copy/copy-ledger.ts'
import { lockFolder } from '../../files/folder-lock.ts'
import type { LedgerReader } from '../../ledger.ts'
import type { TreeHead } from '../../log/merkle.ts'
import type { Evidence } from '../../verification/evidence.ts'
import { connectToPrimary, type PostgresConnection } from '../connect.ts'
import { onPostgres } from '../postgres-fault.ts'
import { describePlace, keepPlace, parsePostgresPlace, placeOfLedger } from '../postgres-place.ts'
import { prepareSchema } from '../writer/open-writer.ts'
import { LOG_LOCK } from '../writer/postgres-writer.ts'
import { PostgresTarget } from './postgres-target.ts'

/** A step may have large documents. */
const form = { purpose: 'migration', session: { lock_timeout: '3s', synchronous_commit: 'on' } } as const

export type Moving = {
  readonly folder: string
  readonly source: Evidence
  readonly reader: LedgerReader
  readonly address: { readonly ledger: string; readonly password: string | undefined }
  readonly onProgress: (progress: CopyProgress) => void
}

/**
 * Crash on the way: the folder has its ledger as before, and the database a part of it, which no
 * receiver starts with. After the folder names the database: the next run finishes. Throws the
 * Faults `storage-unavailable`, `configuration` and `log-invalid`.
 */
export async function migrateLedger({ folder, source, reader, address, onProgress }: Moving): Promise<TreeHead> {
  const place = parsePostgresPlace(address.ledger, address.password)
  const kept = placeOfLedger(folder)
  if (kept !== undefined && describePlace(kept) !== describePlace(place))
    throw new Fault('configuration', `the ledger of ${folder} was copied to ${describePlace(kept)} before: go on there`)
  const lock = lockFolder(folder)
  try {
    const connection = await connectToPrimary(place, form)
    try {
      return await onPostgres(`copy the ledger to ${describePlace(place)}`, async () => {
        await prepareSchema(connection, place.standbys)
        await begin(connection)
        const copying = copyLedger(source, new PostgresTarget(connection), reader.deadLetters())
        let step = await copying.next()
        for (; !step.done; step = await copying.next()) onProgress(step.value)
        await keepPlace(folder, address.ledger, address.password)
        await connection.rows('UPDATE log_head SET is_copying = false')
        return step.value
      })
    } finally {
      await connection.close()
    }
  } finally {
    lock.release()
    await source.close()
    await reader.close()
  }
}

/** Until the connection ends no other migration runs, and no receiver writes. */
async function begin(connection: PostgresConnection): Promise<void> {
  await connection.rows(`SELECT pg_advisory_lock(${LOG_LOCK})`)
  const [head] = await connection.rows('SELECT size, is_copying FROM log_head')
  if (head?.is_copying !== true && Number(head?.size) > 0)
    throw new Fault(
      'configuration',
      `the database has a ledger of ${amount(Number(head?.size), 'entry')}, expected an empty one`,
    )
  await connection.rows('UPDATE log_head SET is_copying = true')
}
