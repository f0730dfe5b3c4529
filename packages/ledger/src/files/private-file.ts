// Files and folders of the gateway: for its user alone, with any umask, and never a link to
// somewhere else.
import { chmodSync, closeSync, constants, lstatSync, openSync, type Stats } from 'node:fs'
import { Fault, nameKind } from '@seg/core'

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600
/**
 * What may remain of a folder that was made beforehand: its group may pass through it, to a folder
 * inside that it may read.
 */
const PASSABLE = 0o710
const PERMISSIONS = 0o777

/**
 * Makes the file if it is not there; takes from others what they may do with one that is. Throws
 * the Fault `configuration`.
 */
export function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, FILE_MODE))
  } catch (error) {
    if (Object(error).code !== 'EEXIST') throw error
    keepPrivate(path)
  }
}

/**
 * Takes from others what they may do with a file, if it is there. Throws the Fault `configuration`.
 */
export function keepPrivate(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return
  if (!stats.isFile()) throw new Fault('configuration', `expected a file at ${path}, found ${nameKind(stats)}`)
  narrow(path, stats, FILE_MODE, FILE_MODE)
}

/** As `keepPrivate` for a folder. */
export function keepPrivateFolder(path: string, stats: Stats): void {
  narrow(path, stats, PASSABLE, FOLDER_MODE)
}

/** An owner could change it at any time; the system's administrator can anyway. */
function narrow(path: string, { mode, uid }: Stats, allowed: number, intended: number): void {
  const user = process.geteuid?.()
  if (user === undefined) return
  if (uid !== user && uid !== 0)
    throw new Fault(
      'configuration',
      `${path} belongs to the user ${uid}, the gateway runs as ${user}: ` +
        `run it as its owner, or chown -R ${user} ${path}`,
    )
  if ((mode & PERMISSIONS & ~allowed) === 0) return
  try {
    chmodSync(path, intended)
  } catch (cause) {
    throw new Fault(
      'configuration',
      `others may read or write ${path}, and its mode cannot be changed: ` +
        `chmod ${intended.toString(8)} ${path}, or name a new folder in it with --data`,
      { cause },
    )
  }
}
