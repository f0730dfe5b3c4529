// Announcements of our next certificates as files in the data folder: the document that goes out
// until there is a receipt, and the receipt.
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, makeDurableFolder, readInput, writeDurableFile } from '@seg/core'

export type Announced = {
  readonly receiver: string
  readonly url: string
  /** SHA-256 of the certificate, and what it is for. */
  readonly sha256: string
  readonly uses: readonly string[]
  readonly from: string
  readonly until: string
  /** Id of the document. */
  readonly document: string
  /** When it was queued. */
  readonly at: string
  /** Time of the verified receipt; null: there is none yet. */
  readonly acceptedAt: string | null
  /** `queued`: tried until it is another. `replaced` by a later one for the same receiver. */
  readonly state: 'queued' | 'accepted' | 'refused' | 'expired' | 'replaced'
  /** Why it is not there yet, or never will be. */
  readonly reason: string | null
  /** What is announced, in PEM: a document that became stale is signed again. */
  readonly certificate: string
}

/** Crash before the state: a document that nobody sends. After: it is queued. */
export async function keepAnnouncement(data: string, announced: Announced, document: Buffer): Promise<void> {
  await write(data, announced, 'xml', document)
  await keepState(data, announced)
}

/** Crash before the state: the same bytes go out once more, and get the same receipt. */
export async function keepReceiptOf(data: string, announced: Announced, receipt: Buffer): Promise<void> {
  await write(data, announced, 'receipt.xml', receipt)
  await keepState(data, announced)
}

export function readAnnounced(data: string, announced: Announced): Buffer {
  return readInput(join(data, 'rollover', `${nameOf(announced)}.xml`), { onlyFile: true })
}

/** The oldest first. */
export async function listAnnounced(data: string): Promise<Announced[]> {
  const folder = join(data, 'rollover')
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return []
    throw new Fault('storage-unavailable', error.message, { cause: error })
  })
  const found = names.filter(name => name.endsWith('.json')).map(name => read(join(folder, name)))
  return found.sort((a, b) => (a.at < b.at ? -1 : 1))
}

export function keepState(data: string, announced: Announced): Promise<void> {
  return write(data, announced, 'json', Buffer.from(`${JSON.stringify(announced)}\n`))
}

async function write(data: string, announced: Announced, end: string, octets: Buffer): Promise<void> {
  const folder = join(data, 'rollover')
  await makeDurableFolder(folder)
  await writeDurableFile(join(folder, `${nameOf(announced)}.${end}`), octets, { mode: 0o600, replace: true })
}

function nameOf({ document }: Announced): string {
  return createHash('sha256').update(document).digest('hex').slice(0, 32)
}

function read(path: string): Announced {
  try {
    return JSON.parse(readInput(path, { onlyFile: true }).toString('utf8')) as Announced
  } catch (cause) {
    throw new Fault('storage-unavailable', `cannot read ${path}: ${(cause as Error).message}`, { cause })
  }
}
