// The transparency log as the files of C2SP tlog-tiles (docs/log.md).
import { Fault, quote } from '@seg/core'
import { type LogReader, parseTilePath, type TileName } from '@seg/ledger'

export type LogFile = { readonly type: string; readonly cacheControl: string; readonly body: string | Buffer }

/** What never changes may be kept for ever (RFC 8246). */
const IMMUTABLE = 'max-age=31536000, immutable'

/** The file at `path` below `/v1/log/`. Throws the Fault `not-found`. */
export async function readLogFile(path: string, log: LogReader): Promise<LogFile> {
  if (path === 'checkpoint')
    return { type: 'text/plain; charset=utf-8', cacheControl: 'no-store', body: await readCheckpoint(log) }
  const name = parseTilePath(path)
  const tile = name && (await readTile(name, log))
  if (tile === undefined) throw new Fault('not-found', `the log has no ${quote(path)}`)
  return { type: 'application/octet-stream', cacheControl: IMMUTABLE, body: tile }
}

async function readCheckpoint(log: LogReader): Promise<string> {
  const checkpoint = await log.checkpoint()
  if (checkpoint === undefined) throw new Fault('not-found', 'the log has no entry yet')
  return checkpoint
}

function readTile({ level, index, width }: TileName, log: LogReader): Promise<Buffer | undefined> {
  return level === 'entries' ? log.entries(index, width) : log.tile(level, index, width)
}
