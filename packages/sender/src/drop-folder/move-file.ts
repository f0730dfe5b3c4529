// Moving a file into a folder beside another that says what became of it, without ever putting
// anything over something else.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { link, lstat, unlink } from 'node:fs/promises'
import { join, parse } from 'node:path'
import { onFile, syncFolder, writeDurableFile } from '@seg/core'

/** `staging`: folder of the companion while it is unfinished, on the same file system. */
type Beside = { readonly suffix: string; readonly content: string | Buffer; readonly staging: string }

/**
 * Crash on the way: the file has both names, or one of them and its companion; the next call goes
 * on with the same. Several processes may do it at once. Throws Fault `file-unreadable`.
 */
export async function moveBeside(
  path: string | Buffer,
  folder: string,
  name: string,
  { suffix, content, staging }: Beside,
): Promise<void> {
  await onFile('write', folder, async () => {
    const place = await placeInto(path, folder, name, { suffix, staging })
    // Another process was faster.
    if (place === undefined) return
    await writeDurableFile(`${place}${suffix}`, content, { replace: true, staging })
    await syncFolder(folder)
    await unlink(path).catch(ignoreMissing)
  })
}

/**
 * The first free one of `a.xml`, `a-2.xml`, `a-3.xml` … is the file's second name, or that of a
 * copy, where the folder is on another file system; undefined when the file is missing.
 */
async function placeInto(
  path: string | Buffer,
  folder: string,
  name: string,
  { suffix, staging }: Pick<Beside, 'suffix' | 'staging'>,
): Promise<string | undefined> {
  const { name: stem, ext } = parse(name)
  for (let number = 1; ; number++) {
    const place = join(folder, number === 1 ? name : `${stem}-${number}${ext}`)
    const [source, target, companion] = await Promise.all([path, place, `${place}${suffix}`].map(find))
    if (source === undefined) return undefined
    if (target?.ino === source.ino && target.dev === source.dev) return place
    // A copy that was made before a crash, or by another process.
    if (target?.isFile() && target.dev !== source.dev && target.size === source.size && (await areSame(path, place)))
      return place
    if (target !== undefined || companion !== undefined) continue
    try {
      await link(path, place).catch(async error => {
        if (Object(error).code !== 'EXDEV') throw error
        await writeDurableFile(place, createReadStream(path), { staging })
      })
      return place
    } catch (error) {
      const { code } = Object(error)
      if (code === 'ENOENT' && (await find(path)) === undefined) return undefined
      if (code !== 'EEXIST') throw error
      // Taken in this moment, perhaps by this very file.
      number--
    }
  }
}

async function areSame(...paths: readonly [string | Buffer, string]): Promise<boolean> {
  const [one, other] = await Promise.all(
    paths.map(async path => {
      const digest = createHash('sha256')
      for await (const chunk of createReadStream(path)) digest.update(chunk)
      return digest.digest('hex')
    }),
  )
  return one === other
}

async function find(path: string | Buffer) {
  return lstat(path).catch(ignoreMissing)
}

function ignoreMissing(error: unknown): undefined {
  if (Object(error).code !== 'ENOENT') throw error
}
