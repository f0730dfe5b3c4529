// Which store has the outbox of a data folder: SQLite in the folder, unless the folder names a
// database. Nothing of PostgreSQL is loaded for the first, but what asks for the second.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@seg/core'
import { checkNamed, checkReadable, claimFolder, type FolderKind } from '../files/data-folder.ts'
import { onStorage } from '../files/storage-fault.ts'
import { describePlace, keepPlace, parsePostgresPlace, placeIn } from '../postgres/postgres-place.ts'
import type { Outbox } from './outbox.ts'
import { type OutboxReader, openSqliteOutboxReader } from './outbox-reader.ts'
import { OUTBOX_FILE } from './outbox-schema.ts'
import { openSqliteOutbox, outboxFolder } from './sqlite-outbox.ts'

/** A database, and the file of its password, as settings name them. */
export type OutboxAddress = { readonly outbox: string; readonly password: string | undefined }

/** What is in it means something without a database of its own. */
const sharingFolder: FolderKind = { ...outboxFolder, dependent: [] }

/**
 * Opens the outbox of the sender's data folder, which is made if need be: at `address` from here on
 * where there is one. Throws the Faults `storage-unavailable` and `configuration`.
 */
export async function openOutbox(folder: string, address?: OutboxAddress): Promise<Outbox> {
  const kept = placeIn(folder, 'outbox')
  const place = address === undefined ? kept : parsePostgresPlace(address.outbox, address.password, 'outbox')
  if (place === undefined) return openSqliteOutbox(folder)
  if (kept === undefined && existsSync(join(folder, OUTBOX_FILE)))
    throw new Fault(
      'configuration',
      `${folder} has an outbox of its own (${OUTBOX_FILE}), expected none beside ${describePlace(place)}: ` +
        'let `sender deliver` deliver what is queued there, then name an empty folder with --data',
    )
  return onStorage(`open the folder ${folder}`, async () => {
    await claimFolder(folder, sharingFolder)
    const { openPostgresOutbox } = await import('./postgres/postgres-outbox.ts')
    const outbox = await openPostgresOutbox(place)
    // Crash before: the folder names no database, and nothing was queued from here.
    if (address !== undefined) await keepPlace(folder, address.outbox, address.password, 'outbox')
    return outbox
  })
}

/** As `openOutbox`, of a folder that must be that of a sender: none is made. */
export async function openNamedOutbox(folder: string): Promise<Outbox> {
  checkNamed(folder, outboxFolder)
  return openOutbox(folder)
}

/**
 * Undefined while there is no outbox in the folder. Throws the Faults `storage-unavailable` and
 * `configuration`.
 */
export async function openOutboxReader(folder: string): Promise<OutboxReader | undefined> {
  const place = placeIn(folder, 'outbox')
  if (place === undefined) return openSqliteOutboxReader(folder)
  checkReadable(folder, sharingFolder)
  const { openPostgresOutboxReader } = await import('./postgres/postgres-outbox-reader.ts')
  return openPostgresOutboxReader(place)
}
