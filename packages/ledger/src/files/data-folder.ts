// A data folder: marked as ours, so that another program's folder, or one that has lost its
// database, is never taken for a new one.
import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  type Stats,
  statSync,
} from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Fault, makeDurableFolder, nameKind, quote, writeDurableFile } from '@seg/core'
import { onDatabase } from '../sqlite/database-fault.ts'
import { keepPrivate, keepPrivateFolder } from './private-file.ts'

export type FolderKind = {
  readonly owner: 'receiver' | 'sender'
  /** The database, and the name of its first migration. */
  readonly database: string
  readonly migration: string
  /** Folders that others may have made beforehand. */
  readonly shared: readonly string[]
  /** Folders whose files mean nothing without the database. */
  readonly dependent: readonly string[]
}

export type DataFolder = {
  /** To be called when the database is durable: from then on it must be there. */
  settle(): Promise<void>
}

type Marker = { readonly folder: string; readonly hasDatabase: boolean }
type DatabaseState = 'missing' | 'empty' | 'ours' | 'foreign'

const MARKER = 'seg-folder.json'
/** Of a backup, which is read and restored, and never written to. */
export const BACKUP_RECORD = 'seg-backup.json'
/** What a file system, and a start that was cut off, leave in a folder that is new. */
const NEW = /^(?:lost\+found|lock|\.tmp-seg-folder\.json-[0-9a-f]+)$/
/** Names that only we give, in folders that depend on the database. */
const OURS = /^[0-9a-f]{32,64}$/

/**
 * Makes the folder, or recognizes it, before anything in it is touched. Crash on the way: a folder
 * with a marker without a database, which the next start continues. Throws the Fault
 * `configuration`.
 */
export async function claimFolder(
  folder: string,
  kind: FolderKind,
  note: (line: string) => void = () => {},
): Promise<DataFolder> {
  await makeDurableFolder(folder, 0o700).catch(failToMake(folder))
  if (existsSync(join(folder, BACKUP_RECORD)))
    throw new Fault(
      'configuration',
      `${folder} is a backup, which no ${kind.owner} may change: \`${kind.owner} restore\` makes a data folder of it`,
    )
  const marker = readMarker(folder)
  const database = join(folder, kind.database)
  const state = onDatabase(`open ${database}`, () => readState(database, kind.migration))
  checkOwner(folder, kind, marker)
  if (state !== 'ours') await checkNew(folder, kind, marker, state)
  keepPrivateFolder(folder, statSync(folder))
  for (const name of [kind.database, `${kind.database}-wal`, `${kind.database}-shm`, 'lock'])
    keepPrivate(join(folder, name))
  if (marker === undefined) {
    await writeMarker(folder, { folder: kind.owner, hasDatabase: state === 'ours' })
    if (state === 'ours') note(`${folder} is marked as the data folder of a ${kind.owner}: an earlier version made it`)
  }
  return {
    async settle() {
      if (marker?.hasDatabase !== true) await writeMarker(folder, { folder: kind.owner, hasDatabase: true })
    },
  }
}

/**
 * Marks a folder that is being restored: until its database has its name, it has lost it.
 */
export async function markFolder(folder: string, { owner }: FolderKind): Promise<void> {
  await writeMarker(folder, { folder: owner, hasDatabase: true })
}

/**
 * For a command that only reads: a folder that is not there is one in which nothing happened yet.
 * Throws the Fault `configuration`.
 */
export function checkReadable(folder: string, kind: FolderKind): void {
  const stats = lookAt(folder)
  if (stats === undefined) return
  if (!stats.isDirectory()) throw notFolder(folder, stats)
  const marker = readMarker(folder)
  checkOwner(folder, kind, marker)
  if (marker?.hasDatabase && !existsSync(join(folder, kind.database))) throw lostDatabase(folder, kind, 'missing')
}

/**
 * For a command of a person: a folder that is missing or another's is a wrong name, not one
 * in which nothing happened. Throws the Fault `configuration`.
 */
export function checkNamed(folder: string, kind: FolderKind): void {
  checkReadable(folder, kind)
  const { owner, database } = kind
  const wanted = `expected the data folder of a ${owner} at ${folder}`
  if (lookAt(folder) === undefined)
    throw new Fault('configuration', `${wanted}, found nothing; name it with --data, or start the ${owner} first`)
  if (readMarker(folder) !== undefined || existsSync(join(folder, database))) return
  const foreign = readdirSync(folder).find(name => !NEW.test(name) && !kind.shared.includes(name))
  if (foreign !== undefined)
    throw new Fault('configuration', `${wanted}, found ${quote(foreign)} there; name it with --data`)
}

/**
 * That no database with tables was ever here, when there is none now. Throws the Fault
 * `configuration`: a write-ahead log that was removed takes all with it that was not yet copied.
 */
export function checkNeverSettled(folder: string, kind: FolderKind): void {
  if (lookAt(folder) !== undefined && readMarker(folder)?.hasDatabase) throw lostDatabase(folder, kind, 'empty')
}

/** Throws the Fault `configuration` where this user may not read the folder. */
function lookAt(folder: string): Stats | undefined {
  try {
    return statSync(folder, { throwIfNoEntry: false })
  } catch (cause) {
    throw new Fault(
      'configuration',
      `cannot look at ${folder}: ${(cause as Error).message}; name another with --data`,
      {
        cause,
      },
    )
  }
}

function checkOwner(folder: string, { owner }: FolderKind, marker: Marker | undefined): void {
  if (marker === undefined || marker.folder === owner) return
  throw new Fault(
    'configuration',
    `${folder} is the data folder of a ${quote(marker.folder)}, expected that of a ${owner}; name another with --data`,
  )
}

function lostDatabase(folder: string, { database }: FolderKind, state: DatabaseState): Fault {
  return new Fault(
    'configuration',
    `${folder} has lost its database: ${database} is ${state}; ` +
      'put it back from the backup, or name an empty folder with --data',
  )
}

function notFolder(path: string, stats: Stats): Fault {
  return new Fault('configuration', `expected a folder at ${path}, found ${nameKind(stats)}; name another with --data`)
}

/** An obstacle in the path is an error of the setting; any other failure is one of the disk. */
function failToMake(folder: string): (error: Error) => never {
  return error => {
    for (let path = resolve(folder); ; path = dirname(path)) {
      const stats = lookAt(path)
      if (stats !== undefined && !stats.isDirectory()) throw notFolder(path, stats)
      if (stats !== undefined || path === dirname(path)) throw error
    }
  }
}

/** What has no database of ours must be a folder in which there never was one. */
async function checkNew(
  folder: string,
  kind: FolderKind,
  marker: Marker | undefined,
  state: DatabaseState,
): Promise<void> {
  const { owner, database, dependent, shared } = kind
  const names = await Promise.all(dependent.map(name => namesIn(join(folder, name))))
  if (state !== 'foreign' && (marker?.hasDatabase || names.flat().some(name => OURS.test(name))))
    throw lostDatabase(folder, kind, state)
  if (marker !== undefined) return
  const isNew = (name: string) =>
    NEW.test(name) ||
    shared.includes(name) ||
    names[dependent.indexOf(name)]?.length === 0 ||
    (state === 'empty' && name.startsWith(database))
  const foreign = (await readdir(folder)).find(name => !isNew(name))
  if (foreign === undefined) return
  throw new Fault(
    'configuration',
    `${folder} is not the data folder of a ${owner}, and not empty: found ${quote(foreign)}; ` +
      'name a new or empty folder with --data',
  )
}

/**
 * Without changing it: SQLite would delete the write-ahead log beside a database that is missing or
 * empty.
 */
function readState(path: string, migration: string): DatabaseState {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return 'missing'
  if (!stats.isFile()) throw new Fault('configuration', `expected a file at ${path}, found ${nameKind(stats)}`)
  if (stats.size === 0) return 'empty'
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5000 })
  try {
    const isThere = database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?')
    if (isThere.get('kysely_migration') === undefined)
      return database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined ? 'empty' : 'foreign'
    return database.prepare('SELECT 1 FROM kysely_migration WHERE name = ?').get(migration) ? 'ours' : 'foreign'
  } finally {
    database.close()
  }
}

async function namesIn(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return []
  const stats = lstatSync(folder)
  if (!stats.isDirectory()) throw new Fault('configuration', `expected a folder at ${folder}, found ${nameKind(stats)}`)
  return readdir(folder)
}

function readMarker(folder: string): Marker | undefined {
  const path = join(folder, MARKER)
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const { folder: owner, hasDatabase } = JSON.parse(readFileSync(file, 'utf8'))
      return { folder: String(owner), hasDatabase: hasDatabase === true }
    } finally {
      closeSync(file)
    }
  } catch (cause) {
    throw new Fault('configuration', `${path} is not the marker of a data folder: ${(cause as Error).message}`, {
      cause,
    })
  }
}

async function writeMarker(folder: string, marker: Marker): Promise<void> {
  await writeDurableFile(join(folder, MARKER), `${JSON.stringify(marker)}\n`, { replace: true })
}
