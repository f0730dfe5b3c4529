// The folder that backups of one gateway are made in, one folder each: whole ones have a name made
// of their time, those being made another.
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { Fault, type FileLock, makeDurableFolder, quote, syncFolder } from '@seg/core'
import { BACKUP_RECORD } from '../files/data-folder.ts'
import { lockFolder } from '../files/folder-lock.ts'
import { placeOfFolder } from '../files/writable-folder.ts'
import { type BackupRecord, readBackupRecord } from './backup-record.ts'

const WHOLE = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z$/
const UNFINISHED = /^\.unfinished-[0-9a-f]{12}$/
const OTHERS = ['lock', 'lost+found']

/** Names of whole backups in a folder, the oldest first. */
export function wholeBackups(place: string): string[] {
  if (!existsSync(place)) return []
  return readdirSync(place)
    .filter(name => WHOLE.test(name) && existsSync(join(place, name, BACKUP_RECORD)))
    .sort()
}

export type BackupPlace = {
  /** A folder that is being filled. */
  readonly unfinished: string
  /** The latest whole backup. */
  readonly earlier: string | undefined
  /** Makes it a whole one; resolves with its path. */
  finish(now: Date): Promise<string>
  /** Removes what was not finished. */
  close(): Promise<void>
}

/**
 * One process at a time. What a crash left unfinished is removed: nobody holds the lock that its
 * maker had. Throws the Faults `configuration` and `storage-unavailable`.
 */
export async function openBackupPlace(folder: string, data: string, owner: string): Promise<BackupPlace> {
  const place = resolve(folder)
  if (isInside(place, resolve(data)) || isInside(resolve(data), place))
    throw new Fault(
      'configuration',
      `expected a folder for backups outside of ${data}, found ${place}: both would be lost together`,
    )
  await placeOfFolder(place)
  await makeDurableFolder(place, 0o700)
  checkOwn(place, owner)
  const lock = lockFolder(place)
  try {
    for (const name of readdirSync(place)) if (UNFINISHED.test(name)) await removeWhole(join(place, name))
    const unfinished = join(place, `.unfinished-${randomBytes(6).toString('hex')}`)
    await makeDurableFolder(unfinished, 0o700)
    const last = wholeBackups(place).at(-1)
    return {
      unfinished,
      earlier: last && join(place, last),
      finish: now => finish(place, unfinished, last, now),
      close: () => close(unfinished, lock),
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

/**
 * The backup in `folder`, or the latest in a folder of backups. Throws the Fault `backup-invalid`.
 */
export function findBackup(folder: string): { readonly path: string; readonly record: BackupRecord } {
  const path = resolve(folder)
  const last = wholeBackups(path).at(-1)
  const found = last === undefined ? path : join(path, last)
  return { path: found, record: readBackupRecord(found) }
}

/** Crash before the rename: nothing that looks whole. After: a whole backup. */
async function finish(place: string, unfinished: string, last: string | undefined, now: Date): Promise<string> {
  // Names sort by time, also where a clock was set back.
  const after = last === undefined ? 0 : Date.parse(last.replace(/T(\d\d)-(\d\d)-/, 'T$1:$2:')) + 1
  const name = new Date(Math.max(now.getTime(), after)).toISOString().replaceAll(':', '-')
  await syncFolder(unfinished)
  await rename(unfinished, join(place, name))
  await syncFolder(place)
  return join(place, name)
}

async function close(unfinished: string, lock: FileLock): Promise<void> {
  await removeWhole(unfinished).finally(() => lock.release())
}

async function removeWhole(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
}

function checkOwn(place: string, owner: string): void {
  const whole = wholeBackups(place)
  const foreign = readdirSync(place).find(
    name => !whole.includes(name) && !UNFINISHED.test(name) && !OTHERS.includes(name),
  )
  if (foreign !== undefined)
    throw new Fault(
      'configuration',
      `expected an empty folder, or one with backups, at ${place}, found ${quote(foreign)}; name another`,
    )
  const last = whole.at(-1)
  if (last === undefined) return
  const found = readBackupRecord(join(place, last))
  if (found.owner !== owner)
    throw new Fault('configuration', `${place} has backups of a ${found.owner}, expected those of a ${owner}`)
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return (
    way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && resolve(folder, way) === path && !/^[A-Z]:/.test(way))
  )
}
