// Whether another user can put something else in the place of a file: by the file itself, by one of
// the folders above it, or by a link on the way.
import { constants, lstatSync, readlinkSync, type Stats } from 'node:fs'
import { isAbsolute, join } from 'node:path'

/** As the system: a path with more links leads nowhere. */
const MOST_LINKS = 40
const STICKY = 0o1000

/** `why` ends a sentence that begins with the place. */
export type Replaceable = { readonly place: string; readonly why: string; readonly isWritable: boolean }

/**
 * The first place on an absolute path that not only its owner, who is this user or root, may
 * change. Undefined where there is none, also where the path ends before.
 */
export function findReplaceable(path: string): Replaceable | undefined {
  const user = process.geteuid?.()
  if (user === undefined) return undefined
  for (const { place, stats } of wayTo(path)) {
    const { uid } = stats
    if (uid !== user && uid !== 0)
      return { place, why: `belongs to the user ${uid}, and the gateway runs as ${user}`, isWritable: false }
    if (isWritableForAll(stats)) return { place, why: 'may be changed by anybody', isWritable: true }
  }
  return undefined
}

/**
 * The mode of a link says nothing. In a folder with the sticky bit each user has its own entries.
 */
function isWritableForAll(stats: Stats): boolean {
  if (stats.isSymbolicLink() || (stats.mode & constants.S_IWOTH) === 0) return false
  return !stats.isDirectory() || (stats.mode & STICKY) === 0
}

function* wayTo(path: string): Generator<{ readonly place: string; readonly stats: Stats }> {
  let place = '/'
  let links = 0
  const rest = ['.', ...partsOf(path)]
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    const next = join(place, name)
    const stats = lstatSync(next, { throwIfNoEntry: false })
    if (stats === undefined) return
    yield { place: next, stats }
    if (!stats.isSymbolicLink()) {
      place = next
      continue
    }
    if (++links > MOST_LINKS) return
    const target = readlinkSync(next)
    if (isAbsolute(target)) place = '/'
    rest.unshift(...partsOf(target))
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter(part => part !== '')
}
