// A document that another sender of the outbox has kept gets its file in this data folder.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Fault, makeDurableFolder, onFile, quote, writeDurableFile } from '@seg/core'
import type { OutboxDocument, SharedDocuments } from '@seg/ledger'
import { STAGING } from './staging.ts'

/** As we name them: what a row of the database names is no path elsewhere. */
const FORM = /^deliveries\/[0-9a-f]{64}\/document-[0-9a-f]{64}\.xml$/

/**
 * Whether the file is there, from `shared` if need be. Throws the Faults `storage-unavailable`, and
 * `file-unreadable` for other bytes than those that were queued.
 */
export async function bringDocument(
  { path, sha256 }: Pick<OutboxDocument, 'path' | 'sha256'>,
  data: string,
  shared: SharedDocuments | undefined,
): Promise<boolean> {
  const place = join(data, path)
  if (existsSync(place)) return true
  if (shared === undefined || !FORM.test(path) || !(await shared.has(path))) return false
  const pieces = digested(shared.read(path), path, sha256)
  await onFile('write', place, async () => {
    await makeDurableFolder(dirname(place))
    // Crash before it has its name: the next try brings it again.
    await writeDurableFile(place, pieces, { replace: true, staging: join(data, STAGING) })
  })
  return true
}

async function* digested(pieces: AsyncIterable<Uint8Array>, path: string, sha256: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  for await (const piece of pieces) {
    hash.update(piece)
    yield piece
  }
  const found = hash.digest('hex')
  if (found === sha256) return
  throw new Fault(
    'file-unreadable',
    `the outbox has other bytes than were queued for ${quote(path)}: expected SHA-256 ${sha256}, found ${found}`,
  )
}
