// The lists of the authorities as files: those that are named, and the copies of those that are
// fetched from an address.
import { createHash } from 'node:crypto'
import { dirname, join, resolve } from 'node:path'
import type { AuthorityRecord } from './partner.ts'

export type ListFile = {
  readonly authority: string
  readonly path: string
  /** Where it is fetched from; undefined: it is put there. */
  readonly url: string | undefined
}

/** Where what a record names is found. */
export type ListPlace = {
  /** What holds the record; the files that it names stand relative to it. */
  readonly file: string
  /** The folder of fetched lists; without it, there are none. */
  readonly fetched?: string | undefined
}

/** Within the data folder of a receiver. */
export function fetchedListsFolder(data: string): string {
  return join(data, 'revocation')
}

export function listFilesOf({ name, crls }: AuthorityRecord, { file, fetched }: ListPlace): ListFile[] {
  return crls.flatMap((place): ListFile[] => {
    if (!/^https?:/.test(place)) return [{ authority: name, path: resolve(dirname(file), place), url: undefined }]
    if (fetched === undefined) return []
    // Of each authority its own: another one may not verify the list.
    const digest = createHash('sha256').update(`${name}\n${place}`).digest('hex')
    return [{ authority: name, path: join(fetched, `${digest}.crl`), url: place }]
  })
}
