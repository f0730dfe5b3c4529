// The transparency log as the files of C2SP tlog-tiles (docs/log.md).
import { Fault, quote } from '@seg/core'
import { type LogReader, parseTilePath, sizeOfCheckpoint, type TileName } from '@seg/ledger'

export type LogFile = {
  readonly type: string
  readonly cacheControl: string
  readonly body: string | Buffer
  /** How many entries it shows that the log has. */
  readonly size: number
}

/** A full tile never changes: caches may keep it (RFC 8246). */
const IMMUTABLE = 'max-age=31536000, immutable'

/** The file at `path` below `/v1/log/`. Throws the Fault `not-found`. */
export async function readLogFile(path: string, log: LogReader): Promise<LogFile> {
  if (path === 'checkpoint') {
    const body = await readCheckpoint(log)
    const size = sizeOfCheckpoint(body)
    return { type: 'text/plain; charset=utf-8', cacheControl: 'no-store', body, size }
  }
  const name = parseTilePath(path)
  const tile = name && (await readThrough(name, path, log))
  if (name === undefined || tile === undefined) throw new Fault('not-found', `the log has no ${quote(path)}`)
  return { type: 'application/octet-stream', cacheControl: IMMUTABLE, body: tile, size: coveredBy(name) }
}

/** A hash of level L is the root of 256^L entries. Tiles at the right edge show the whole size. */
function coveredBy({ level, index, width }: TileName): number {
  return (index * WHOLE + width) * WHOLE ** (level === 'entries' ? 0 : level)
}

async function readCheckpoint(log: LogReader): Promise<string> {
  const checkpoint = await log.checkpoint()
  if (checkpoint === undefined) throw new Fault('not-found', 'the log has no entry yet')
  return checkpoint
}

function readTile({ level, index, width }: TileName, log: LogReader): Promise<Buffer | undefined> {
  return level === 'entries' ? log.entries(index, width) : log.tile(level, index, width)
}

/**
 * Whole tiles by path, for each log: they never change, and every verifier of the log reads them.
 */
const caches = new WeakMap<LogReader, Map<string, Buffer>>()
const WHOLE = 256
/** A bundle of entries has some hundred bytes for each. */
const CACHED_TILES = 64
const LARGEST_CACHED = 256 * 1024

async function readThrough(name: TileName, path: string, log: LogReader): Promise<Buffer | undefined> {
  if (name.width < WHOLE) return readTile(name, log)
  const cache = caches.get(log) ?? new Map<string, Buffer>()
  caches.set(log, cache)
  const tile = cache.get(path) ?? (await readTile(name, log))
  if (tile === undefined || tile.length > LARGEST_CACHED) return tile
  // The least recently used tile is removed.
  cache.delete(path)
  cache.set(path, tile)
  if (cache.size > CACHED_TILES) cache.delete(cache.keys().next().value!)
  return tile
}
