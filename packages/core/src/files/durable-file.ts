// The one way bytes become a file that survives power loss: temporary file, fsync, rename, fsync of
// the folder.
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, link, lstat, mkdir, open, rename, rm, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

export type DurableFileOptions = {
  /** Permission bits of the file; 0o600 by default. */
  mode?: number
  /**
   * Whether a file already under that name is replaced; when not (the default), it is kept and an
   * EEXIST error is thrown.
   */
  replace?: boolean
  /** Folder of the file while it is unfinished, on the same file system; its own by default. */
  staging?: string
}

/**
 * Writes a whole file so that a crash leaves either the old state or the new one, never a part.
 * Crash before the rename: a `.tmp-…` file that no reader uses. After the fsync of the folder:
 * the file is there for good.
 */
export async function writeDurableFile(
  path: string,
  bytes: string | Uint8Array | AsyncIterable<Uint8Array>,
  options: DurableFileOptions = {},
): Promise<void> {
  const folder = dirname(path)
  await makeDurableFolder(folder)
  if (options.staging !== undefined) await makeDurableFolder(options.staging)
  const temporary = join(options.staging ?? folder, `.tmp-${basename(path)}-${randomBytes(6).toString('hex')}`)
  try {
    await withFile(temporary, 'wx', 0o600, async file => {
      if (options.mode !== undefined) await file.chmod(options.mode)
      await file.writeFile(bytes)
      await file.sync()
    })
    if (options.replace) await rename(temporary, path)
    else await link(temporary, path)
  } finally {
    await unlink(temporary).catch(() => {})
  }
  await syncFolder(folder)
}

/** A file that may replace one under its name; its folder is there. */
export type NewFile = { readonly path: string; readonly octets: Uint8Array | AsyncIterable<Uint8Array> }

/** Files written and synced at a time. */
const LANES = 8

/**
 * Writes many files, each whole or not at all, that appear in their order. Crash on the way: the
 * first ones are there, perhaps, and `.tmp-…` files that no reader uses; writing the same files
 * again leaves nothing else. Anything else under one of the names (another file, a folder, a link)
 * is never followed or overwritten: it is renamed, and `onAside` gets the new name.
 */
export async function writeDurableFiles(
  files: readonly NewFile[],
  mode = 0o600,
  onAside: (path: string, aside: string) => void = () => {},
): Promise<void> {
  const unfinished = ({ path }: NewFile) => join(dirname(path), `.tmp-${basename(path)}`)
  const waiting = files.values()
  let hasFailed = false
  const write = async (file: NewFile) => {
    const path = unfinished(file)
    const fill = async (handle: FileHandle) => {
      await handle.chmod(mode)
      await handle.writeFile(file.octets)
      await handle.sync()
    }
    await withFile(path, 'wx', 0o600, fill).catch(async error => {
      if (Object(error).code !== 'EEXIST') throw error
      await removeUnfinished(path, onAside)
      await withFile(path, 'wx', 0o600, fill)
    })
  }
  const lane = async () => {
    for (const file of waiting) {
      if (hasFailed) return
      await write(file).catch(error => {
        hasFailed = true
        throw error
      })
    }
  }
  try {
    // Wait for all, even if one fails: then no write is under way any more.
    const lanes = await Promise.allSettled(Array.from({ length: LANES }, lane))
    for (const end of lanes) if (end.status === 'rejected') throw end.reason
    for (const file of files) await giveName(unfinished(file), file.path, onAside)
  } catch (error) {
    for (const file of files) await rm(unfinished(file), { force: true }).catch(() => {})
    throw error
  }
  for (const folder of new Set(files.map(({ path }) => dirname(path)))) await syncFolder(folder)
}

/** Of file systems that have no hard links. */
const WITHOUT_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']

/** A link, unlike a rename, takes no place of anything. */
async function giveName(unfinished: string, path: string, onAside: (path: string, aside: string) => void) {
  try {
    await link(unfinished, path)
  } catch (error) {
    const { code } = Object(error)
    if (code !== 'EEXIST' && !WITHOUT_LINKS.includes(code)) throw error
    const isThere = await lstat(path).then(
      () => true,
      () => false,
    )
    if (isThere && !(await areSame(unfinished, path))) onAside(path, await putAside(path))
    return rename(unfinished, path)
  }
  await unlink(unfinished)
}

/**
 * What stands under the name is removed when it can be what a crash left, a file, and moved away
 * when it is something else.
 */
async function removeUnfinished(path: string, onAside: (path: string, aside: string) => void): Promise<void> {
  if ((await lstat(path)).isFile()) await unlink(path)
  else onAside(path, await putAside(path))
}

/** Whether `path` is a file with the same octets: then it was written before. */
async function areSame(unfinished: string, path: string): Promise<boolean> {
  const [made, found] = await Promise.all([lstat(unfinished), lstat(path)])
  if (!found.isFile() || found.size !== made.size || found.uid !== made.uid) return false
  const [one, other] = [createReadStream(unfinished), createReadStream(path)]
  const [first, second] = [createHash('sha256'), createHash('sha256')]
  for await (const chunk of one) first.update(chunk)
  for await (const chunk of other) second.update(chunk)
  return first.digest().equals(second.digest())
}

/** Gives what stands there another name in the same folder, and returns it. */
export async function putAside(path: string): Promise<string> {
  const aside = join(dirname(path), `.aside-${basename(path).slice(0, 200)}-${randomBytes(6).toString('hex')}`)
  await rename(path, aside)
  return aside
}

/**
 * Makes the folder and those above it that are missing. Crash on the way: some of them are there,
 * empty; the next call makes the rest.
 */
export async function makeDurableFolder(folder: string, mode = 0o700): Promise<void> {
  const path = resolve(folder)
  if (await makeFolder(path, mode)) await syncFolder(dirname(path))
}

/**
 * Whether it was not there. Node's own `recursive` goes round without end where a folder that is
 * there takes no other, as /proc and a folder that was removed do.
 */
async function makeFolder(path: string, mode: number, areParentsMade = false): Promise<boolean> {
  try {
    await mkdir(path, { mode })
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && !areParentsMade) {
      await makeDurableFolder(dirname(path), mode)
      return makeFolder(path, mode, true)
    }
    // Systems differ in what they say of a folder that is there and cannot be written (EROFS,
    // EACCES).
    if (code !== 'ENOENT' && (await stat(path).catch(() => undefined))?.isDirectory()) return false
    throw error
  }
}

/** Makes renames and new names in `folder` durable. */
export async function syncFolder(folder: string): Promise<void> {
  await withFile(folder, 'r', 0, file => file.sync())
}

async function withFile(
  path: string,
  flags: string,
  mode: number,
  use: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags, mode)
  try {
    await use(file)
  } finally {
    await file.close()
  }
}
