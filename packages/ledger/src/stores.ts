// Which store has the ledger of a data folder: SQLite in the folder, unless the folder names a
// database. Nothing of PostgreSQL is loaded for the first, but what asks for the second.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Fault } from '@seg/core'
import { copyLedger } from './copy/copy-ledger.ts'
import { checkNamed, checkReadable, claimFolder } from './files/data-folder.ts'
import type { Ledger, LedgerReader } from './ledger.ts'
import type { KeyRange } from './log/log-keys.ts'
import type { TreeHead } from './log/merkle.ts'
import { readMirror } from './mirror/read-mirror.ts'
import type { LookedAt } from './postgres/look-at-database.ts'
import { PostgresEvidence } from './postgres/postgres-evidence.ts'
import { describePlace, keepPlace, parsePostgresPlace, placeOfLedger } from './postgres/postgres-place.ts'
import { PostgresReader } from './postgres/postgres-reader.ts'
import { openPostgresNotes, type SharedNotes } from './postgres/shared-notes.ts'
import { type KnownAcceptance, type Recovered, recoverLog } from './recovery/recovered-log.ts'
import { openSqliteEvidence } from './sqlite/evidence.ts'
import { LEDGER_FILE } from './sqlite/schema.ts'
import {
  ledgerFolder,
  openSqliteLedger,
  openSqliteReader,
  QUEUE,
  readSqliteLogKeys,
  type SqliteLedgerOptions,
} from './sqlite/sqlite-ledger.ts'
import { SqliteTarget } from './sqlite/sqlite-target.ts'
import type { Evidence } from './verification/evidence.ts'

/** A database, and the file of its password, as settings name them. */
export type LedgerAddress = { readonly ledger: string; readonly password: string | undefined }

/** `address`: where the ledger is from here on; without, where the folder has it. */
export type LedgerOptions = SqliteLedgerOptions & {
  readonly address?: LedgerAddress | undefined
  /** The name of this node, of several with one ledger. */
  readonly node?: string | undefined
}

/**
 * Opens the ledger of this data folder for writing. On SQLite the folder is created if it is
 * missing, and only one process may have it open: a second one gets the Fault
 * `storage-unavailable`. On PostgreSQL each node has a folder of its own. Throws `configuration`
 * for a folder that is not a receiver's, or whose ledger is missing or elsewhere.
 */
export async function openLedger(folder: string, { address, node, ...options }: LedgerOptions): Promise<Ledger> {
  const kept = placeOfLedger(folder)
  const place = address === undefined ? kept : parsePostgresPlace(address.ledger, address.password)
  if (place === undefined) return openSqliteLedger(folder, options)
  // A folder that names a database keeps the ledger that was copied there, as it was.
  if (kept === undefined && existsSync(join(folder, LEDGER_FILE)))
    throw new Fault(
      'configuration',
      `${folder} has a ledger of its own (${LEDGER_FILE}), expected none beside ${describePlace(place)}: ` +
        '`receiver migrate` copies it there, or name an empty folder with --data',
    )
  const { queue = QUEUE, note = () => {}, ...rest } = options
  await claimFolder(resolve(folder), ledgerFolder, note)
  const { openPostgresLedger } = await import('./postgres/postgres-ledger.ts')
  const ledger = await openPostgresLedger(folder, place, { queue, note, node, ...rest })
  // Crash before: the folder names no database, and nothing was entered in the log from here.
  if (address !== undefined) await keepPlace(folder, address.ledger, address.password)
  return ledger
}

/**
 * The ledger of this data folder for reading only; one that is not there is empty. Throws the Fault
 * `storage-unavailable`.
 */
export function openLedgerReader(folder: string): LedgerReader {
  const place = placeOfLedger(folder)
  if (place === undefined) return openSqliteReader(folder)
  checkReadable(folder, ledgerFolder)
  return new PostgresReader(place)
}

/** As `openLedgerReader`, of a folder that must be that of a receiver. */
export function openNamedLedger(folder: string): LedgerReader {
  checkNamed(folder, ledgerFolder)
  return openLedgerReader(folder)
}

/**
 * What this node and others share; undefined for a ledger that only one process writes. Throws the
 * Fault `configuration`.
 */
export function openSharedNotes(folder: string): SharedNotes | undefined {
  const place = placeOfLedger(folder)
  return place && openPostgresNotes(place)
}

/** What verification asks for; the caller closes it. Throws the Faults of a reader. */
export function openEvidence(folder: string): Evidence {
  const place = placeOfLedger(folder)
  return place === undefined ? openSqliteEvidence(folder) : new PostgresEvidence(place)
}

/**
 * Copies the ledger in this data folder into an empty database, which the folder then names; what
 * an earlier run has copied is not copied again. Throws the Faults `storage-unavailable`,
 * `configuration` and `log-invalid`.
 */
export async function moveLedger(
  folder: string,
  address: LedgerAddress,
  onProgress: (progress: { readonly entries: number; readonly of: number }) => void,
): Promise<TreeHead> {
  checkNamed(folder, ledgerFolder)
  const { migrateLedger } = await import('./postgres/migration/migrate-ledger.ts')
  const source = openSqliteEvidence(folder)
  return migrateLedger({ folder, source, reader: openSqliteReader(folder), address, onProgress })
}

/**
 * The way back: copies the ledger in a database into a new data folder; the database then says that
 * it has moved. `finish` is called when all is there, and gives the copy its name. Throws as
 * `moveLedger` does.
 */
export async function moveLedgerBack(
  address: LedgerAddress,
  folder: string,
  onProgress: (progress: { readonly entries: number; readonly of: number }) => void,
  finish?: (giveName: () => Promise<void>) => Promise<void>,
): Promise<TreeHead> {
  const { migrateBack } = await import('./postgres/migration/migrate-back.ts')
  return migrateBack(parsePostgresPlace(address.ledger, address.password), folder, onProgress, finish)
}

export type Recovering = {
  /** Data folder of an earlier state of the ledger, such as a restored one; undefined: none. */
  readonly from: string | undefined
  readonly mirror: string
  readonly acceptances: readonly KnownAcceptance[]
  readonly logPub: readonly string[]
  readonly onProgress: (progress: { readonly entries: number; readonly of: number }) => void
  /** Throws when what is found must not become a ledger; before anything is written. */
  readonly check: (found: Recovered) => void
  /** When all is there: gives the copy its name. */
  readonly finish: (giveName: () => Promise<void>) => Promise<void>
}

/**
 * A new data folder with a log that lost its end, as far as it can be made again; what an earlier
 * run has made of the same is not made again. Throws as `moveLedger` does.
 */
export async function recoverLedger(folder: string, recovering: Recovering): Promise<Recovered> {
  const { from, acceptances, logPub, onProgress, check, finish } = recovering
  const mirror = await readMirror(recovering.mirror, logPub)
  const earlier = from === undefined ? undefined : openEvidence(from)
  const reader = from === undefined ? undefined : openLedgerReader(from)
  try {
    const found = await recoverLog({ earlier, mirror, acceptances, logPub, now: new Date() })
    check(found)
    const target = await SqliteTarget.open(folder, found.origin)
    try {
      const copying = copyLedger(found.source, target, reader?.deadLetters())
      for (let step = await copying.next(); !step.done; step = await copying.next()) onProgress(step.value)
      await finish(() => target.giveName())
    } finally {
      target.close()
    }
    return found
  } finally {
    mirror.close()
    await earlier?.close()
    await reader?.close()
  }
}

/**
 * What can be said of the database with the ledger of this folder, or at `address`; undefined for
 * one on SQLite. Throws the Faults of a start.
 */
export async function lookAtLedger(folder: string, address: LedgerAddress | undefined): Promise<LookedAt | undefined> {
  const place = address === undefined ? placeOfLedger(folder) : parsePostgresPlace(address.ledger, address.password)
  if (place === undefined) return undefined
  const { lookAtDatabase } = await import('./postgres/look-at-database.ts')
  return lookAtDatabase(place)
}

/** Whether the folder has, or names, a ledger. */
export function hasLedger(folder: string): boolean {
  return existsSync(join(folder, LEDGER_FILE)) || placeOfLedger(folder) !== undefined
}

/** Where the ledger of this folder is, when it is not in it; for people. */
export function describeLedgerPlace(folder: string): string | undefined {
  const place = placeOfLedger(folder)
  return place && describePlace(place)
}

/**
 * The keys of the log, in their order; none of one that is not bound yet. Throws the Faults
 * `storage-unavailable` and `configuration`.
 */
export async function readLogKeys(folder: string): Promise<readonly KeyRange[]> {
  const place = placeOfLedger(folder)
  if (place === undefined) return readSqliteLogKeys(folder)
  const evidence = new PostgresEvidence(place)
  try {
    return await evidence.logKeys()
  } finally {
    await evidence.close()
  }
}
