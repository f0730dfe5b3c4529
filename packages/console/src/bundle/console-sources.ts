// What the console is built from, and whether that has changed.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'

export const consoleFolder = resolve(import.meta.dirname, '../..')
/** The folder of a build, which git ignores. */
export const builtFolder = join(consoleFolder, 'built')

const entry = join(consoleFolder, 'index.html')
const folders = ['src/app', 'src/verifier', 'src/bundle', 'style']

/** Undefined in a deployment, which has the build and no sources. */
export async function digestSources(): Promise<string | undefined> {
  if (!existsSync(entry) || !existsSync(join(consoleFolder, 'src/app/main.tsx'))) return undefined
  const found = await Promise.all(folders.map(folder => listFiles(join(consoleFolder, folder))))
  const files = [entry, join(consoleFolder, 'package.json'), ...found.flat()].sort()
  const digest = createHash('sha256')
  for (const file of files) {
    const octets = await readFile(file)
    digest.update(`${relative(consoleFolder, file).replaceAll('\\', '/')} ${octets.length}\n`).update(octets)
  }
  return digest.digest('hex')
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter(file => file.isFile() && !file.name.includes('.test.'))
    .map(file => join(file.parentPath, file.name))
}
