// `receiver migrate --from URL --to DIR`: the ledger of a database moves into a data folder. The
// database keeps it as it is, and says that it has moved: no receiver continues it there.
import { Fault } from '@seg/core'
import { type CopyProgress, copyLedger } from '../../copy/copy-ledger.ts'
import type { TreeHead } from '../../log/merkle.ts'
import { SqliteTarget } from '../../sqlite/sqlite-target.ts'
import { connectToPrimary, type PostgresConnection } from '../connect.ts'
import { PostgresEvidence } from '../postgres-evidence.ts'
import { onPostgres } from '../postgres-fault.ts'
import { describePlace, type PostgresPlace } from '../postgres-place.ts'
import { PostgresReader } from '../postgres-reader.ts'
import { prepareSchema } from '../writer/open-writer.ts'
import { LOG_LOCK } from '../writer/postgres-writer.ts'

/** A receiver that runs gives the lock back after each batch. */
const form = { purpose: 'migration', session: { lock_timeout: '10s', synchronous_commit: 'on' } } as const

/**
 * Until its connection ends nobody writes to the database. Crash before the database says that it
 * has moved: it is as it was, and `folder` an unfinished copy. After: the next run into the same
 * folder finishes, and no other folder gets a copy.
 * `finish` gives the copy its name. Throws the Faults `storage-unavailable`, `configuration` and
 * `log-invalid`.
 */
export async function migrateBack(
  place: PostgresPlace,
  folder: string,
  onProgress: (progress: CopyProgress) => void,
  finish: (giveName: () => Promise<void>) => Promise<void> = giveName => giveName(),
): Promise<TreeHead> {
  const target = await SqliteTarget.open(folder, 'migration')
  const [source, reader] = [new PostgresEvidence(place), new PostgresReader(place)]
  try {
    const connection = await connectToPrimary(place, form)
    try {
      return await onPostgres(`copy the ledger of ${describePlace(place)}`, async () => {
        await prepareSchema(connection, place.standbys)
        await begin(connection, target.id)
        const copying = copyLedger(source, target, reader.deadLetters())
        let step = await copying.next()
        for (; !step.done; step = await copying.next()) onProgress(step.value)
        await connection.rows('UPDATE log_head SET has_moved = true, moved_to = $1', [target.id])
        await finish(() => target.giveName())
        return step.value
      })
    } finally {
      await connection.close()
    }
  } finally {
    target.close()
    await source.close()
    await reader.close()
  }
}

/** After the ledger has moved, only that copy is finished: two would be two histories. */
async function begin(connection: PostgresConnection, copy: string): Promise<void> {
  await connection.rows(`SELECT pg_advisory_lock(${LOG_LOCK})`)
  const [head] = await connection.rows('SELECT is_copying, has_moved, moved_to FROM log_head')
  if (head?.is_copying === true)
    throw new Fault('configuration', 'a ledger is being copied into this database, and not all of it is there')
  if (head?.has_moved === true && head.moved_to !== copy)
    throw new Fault(
      'configuration',
      'the ledger of this database was moved to another data folder before: go on with that one, for a second copy ' +
        'would be a second history',
    )
}
