// Whether the files that are written to are still those under their names: what is synced into a
// removed file is lost.
import { type BigIntStats, statSync } from 'node:fs'
import { Fault } from '@seg/core'

export class FilesInPlace {
  readonly #files: readonly { readonly path: string; readonly found: BigIntStats }[]

  /** Those of `paths` that are there now. */
  constructor(paths: readonly string[]) {
    this.#files = paths.flatMap(path => {
      const found = look(path)
      return found === undefined ? [] : [{ path, found }]
    })
  }

  /**
   * The Fault `storage-unavailable` when one of them was removed or replaced. A few microseconds.
   */
  lost(): Fault | undefined {
    for (const { path, found } of this.#files) {
      const now = look(path)
      if (now?.ino === found.ino && now.dev === found.dev) continue
      const what = now === undefined ? 'removed' : 'replaced'
      return new Fault(
        'storage-unavailable',
        `${path} was ${what} while it was in use: nothing is accepted any more; ` +
          'stop this process, put the data folder back, as it was or from the backup, and start again',
      )
    }
    return undefined
  }
}

function look(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })
  } catch {
    // A folder above it is missing, or may not be passed.
    return undefined
  }
}
