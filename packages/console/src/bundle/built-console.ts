// A build as it lies on disk: a closed list of files, so that no path of a request reaches the
// disk.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { builtFolder } from './console-sources.ts'

export type BuiltFile = {
  /** As a browser asks for it. */
  readonly path: string
  readonly type: string
  readonly bytes: number
  /** Whether it is also there in brotli and gzip. */
  readonly isCompressed: boolean
}

export type BuiltConsole = {
  /** Digest of the sources that it was built from. */
  readonly sources: string
  readonly files: readonly BuiltFile[]
}

export const MANIFEST = 'manifest.json'

/** Undefined where there is no build. */
export async function readManifest(): Promise<BuiltConsole | undefined> {
  try {
    return JSON.parse(await readFile(join(builtFolder, MANIFEST), 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

const endings = { br: '.br', gzip: '.gz', identity: '' } as const
export type ContentCoding = keyof typeof endings

export function readBuiltFile({ path }: BuiltFile, coding: ContentCoding): Promise<Buffer> {
  return readFile(join(builtFolder, `${path}${endings[coding]}`))
}
