// The one way bytes become a file that survives power loss: temporary file, fsync, rename, fsync of the folder.
import { randomBytes } from 'node:crypto'
import { type FileHandle, link, mkdir, open, rename, rm, unlink } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

export type DurableFileOptions = {
  /** Permission bits of the file; 0o600 by default. */
  mode?: number
  /** Whether a file already under that name is replaced; when not (the default), it is kept and an EEXIST error is thrown. */
  replace?: boolean
  /** Folder of the file while it is unfinished, on the same file system; its own by default. */
  staging?: string
}

/**
 * Writes a whole file so that a crash leaves either the old state or the new one, never a part.
 * Crash before the rename: a `.tmp-…` file that no reader looks at. After the fsync of the folder: the file is there for good.
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
export type NewFile = { readonly path: string; readonly bytes: Uint8Array | AsyncIterable<Uint8Array> }

/** Files written and synced at a time. */
const LANES = 8

/**
 * Writes many files, each whole or not at all, that appear in their order. Crash on the way: the first ones are there, perhaps, and `.tmp-…` files
 * that no reader looks at; writing the same files again leaves nothing else.
 */
export async function writeDurableFiles(files: readonly NewFile[], mode = 0o600): Promise<void> {
  const unfinished = ({ path }: NewFile) => join(dirname(path), `.tmp-${basename(path)}`)
  const waiting = files.values()
  let hasFailed = false
  const write = async (file: NewFile) => {
    await rm(unfinished(file), { force: true })
    await withFile(unfinished(file), 'wx', 0o600, async handle => {
      await handle.chmod(mode)
      await handle.writeFile(file.bytes)
      await handle.sync()
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
    // All of them end, whatever becomes of one: then nobody is writing any more.
    const lanes = await Promise.allSettled(Array.from({ length: LANES }, lane))
    for (const end of lanes) if (end.status === 'rejected') throw end.reason
    for (const file of files) await rename(unfinished(file), file.path)
  } catch (error) {
    for (const file of files) await rm(unfinished(file), { force: true }).catch(() => {})
    throw error
  }
  for (const folder of new Set(files.map(({ path }) => dirname(path)))) await syncFolder(folder)
}

/** Makes the folder and those above it that are missing. Crash on the way: some of them are there, empty; the next call makes the rest. */
export async function makeDurableFolder(folder: string, mode = 0o700): Promise<void> {
  const first = await mkdir(resolve(folder), { recursive: true, mode })
  if (first === undefined) return
  for (let made = resolve(folder); made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
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
