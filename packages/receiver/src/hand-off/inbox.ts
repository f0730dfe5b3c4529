// The inbox: a folder with accepted documents and their receipts, from which the receiver's own
// systems take them.
import { chmod, chown, lstat, opendir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, makeDurableFolder, type NewFile, putAside, quote, writeDurableFiles } from '@seg/core'
import type { AcceptedDocument, LedgerReader } from '@seg/ledger'
import { DOCUMENT_OVERHEAD, measureSpace, reserveOf, type StorageLimits } from '../acceptance/storage-room.ts'
import type { BatchTarget } from './batches.ts'
import { fileNameOf } from './file-names.ts'

/**
 * Documents are taken by the receiver's user or by the group of the folder, which new files in it
 * inherit (set-group-ID bit).
 */
const FOLDER_MODE = 0o2770
const FILE_MODE = 0o640

/**
 * Documents of one sender at the same time: without a limit they could fill the disk or its inodes.
 */
const LIMIT = 100_000
/** Milliseconds between two counts of a full folder. */
const COUNT_INTERVAL = 10_000
const NAMES_AT_ONCE = 512

type InboxOptions = {
  readonly reserve?: StorageLimits['reserve']
  /** Documents of one sender at the same time. */
  readonly limit?: number
  readonly note?: (line: string) => void
}

/**
 * Writes `<document id>.receipt.xml`, then `<document id>.xml`, into `<folder>/<sender>/`: when the
 * document is there, its receipt is, too.
 */
export function openInbox(
  folder: string,
  ledger: LedgerReader,
  { reserve = 'auto', limit = LIMIT, note = () => {} }: InboxOptions = {},
): BatchTarget {
  const onAside = (path: string, aside: string) =>
    note(`${quote(path)} in the inbox was not put there by the receiver: it is now ${quote(aside)}`)
  const rooms = new Map<string, Room>()
  const describe = async (document: AcceptedDocument): Promise<NewFile[]> => {
    const { sender, id } = document
    const place = join(folder, fileNameOf(sender), fileNameOf(id))
    // Each piece is written before the next is asked for.
    const [content, receipt] = await Promise.all([
      ledger.read(sender, id, { isShared: true }),
      ledger.receipt(sender, id),
    ])
    if (content === undefined || receipt === undefined)
      throw new Fault('storage-unavailable', `entry ${document.index} has lost its document or receipt`)
    return [
      { path: `${place}.receipt.xml`, octets: receipt },
      { path: `${place}.xml`, octets: content },
    ]
  }
  return {
    name: 'inbox',
    prepare: () => onInbox(folder, () => makeShared(folder)),
    async take(documents) {
      const files = (await Promise.all(documents.map(describe))).flat()
      const place = join(folder, fileNameOf(documents[0]!.sender))
      await onInbox(place, async () => {
        await makeSenderFolder(folder, place, onAside)
        const room = rooms.get(place) ?? new Room(place, limit)
        rooms.set(place, room)
        await checkSpace(place, documents, reserve)
        await room.take(documents.length)
        await writeDurableFiles(files, FILE_MODE, onAside)
      })
    },
  }
}

/** The group and mode of an existing folder are the operator's choice and stay as they are. */
async function makeShared(folder: string): Promise<void> {
  if ((await stat(folder).catch(() => undefined))?.isDirectory()) return
  await makeDurableFolder(folder, 0o700)
  await chmod(folder, FOLDER_MODE)
}

/** With the inbox's group. Anything else under this name, a link included, is put aside. */
async function makeSenderFolder(
  inbox: string,
  place: string,
  onAside: (path: string, aside: string) => void,
): Promise<void> {
  const found = await lstat(place).catch(() => undefined)
  if (found?.isDirectory()) return
  await makeShared(inbox)
  if (found !== undefined) onAside(place, await putAside(place))
  await makeDurableFolder(place, 0o700)
  const { gid } = await stat(inbox)
  // A user can only give a group that it is in; otherwise the folder keeps the user's own group.
  if ((await stat(place)).gid !== gid) await chown(place, -1, gid).catch(() => {})
  await chmod(place, FOLDER_MODE)
}

/**
 * Copies stop at twice the reserve, so that the rest of the disk is left for evidence. Throws the
 * Fault `storage-unavailable`.
 */
async function checkSpace(
  folder: string,
  documents: readonly AcceptedDocument[],
  reserve: StorageLimits['reserve'],
): Promise<void> {
  const { free, total } = await measureSpace(folder)
  const bytes = documents.reduce((sum, document) => sum + document.bytes + DOCUMENT_OVERHEAD, 0)
  const least = 2 * reserveOf(reserve, total)
  if (free - bytes >= least) return
  const detail =
    `the disk of ${folder} has ${free} bytes free; ` +
    `the inbox leaves ${least} of them: take documents away, or set --disk-reserve`
  throw new Fault('storage-unavailable', detail)
}

async function onInbox(folder: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    const detail = `cannot write to the inbox ${folder}: ${(cause as Error).message}`
    throw new Fault('storage-unavailable', detail, { cause })
  }
}

/** Room for documents in a sender's folder. They are counted only when there could be too many. */
class Room {
  readonly #folder: string
  readonly #limit: number
  #left = 0
  #countedAt = Number.NEGATIVE_INFINITY

  constructor(folder: string, limit: number) {
    this.#folder = folder
    this.#limit = limit
  }

  /** Throws the Fault `storage-unavailable` when there is not room for so many more. */
  async take(documents: number): Promise<void> {
    if (this.#left < documents && performance.now() - this.#countedAt >= COUNT_INTERVAL) {
      this.#left = this.#limit - (await countDocuments(this.#folder))
      this.#countedAt = performance.now()
    }
    if (this.#left < documents) {
      const detail =
        `${this.#folder} is full: at most ${this.#limit} documents of one sender wait there; ` +
        'take some away, or set --inbox off'
      throw new Fault('storage-unavailable', detail)
    }
    this.#left -= documents
  }
}

/** In pieces: there may be very many names. */
async function countDocuments(folder: string): Promise<number> {
  let names = 0
  for await (const _name of await opendir(folder, { bufferSize: NAMES_AT_ONCE })) names++
  return names / 2
}
