// The inbox: a folder where accepted documents stand beside their receipts, for the receiver's own
// systems to take away.
import { chmod, chown, lstat, opendir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, makeDurableFolder, type NewFile, putAside, quote, writeDurableFiles } from '@seg/core'
import type { AcceptedDocument, LedgerReader } from '@seg/ledger'
import { DOCUMENT_OVERHEAD, measureSpace, reserveOf, type StorageLimits } from '../acceptance/storage-room.ts'
import { fileNameOf } from './file-names.ts'
import type { HandOffTarget } from './hand-off.ts'

/**
 * Whoever takes documents away is the receiver's user, or of the group of the folder, which what is
 * made in it has, too (the bit of set-group-ID).
 */
const FOLDER_MODE = 0o2770
const FILE_MODE = 0o640

/**
 * Documents of one sender that may stand there: what nobody takes away must not fill the disk, or
 * its table of files.
 */
const LIMIT = 100_000
/** Milliseconds between two counts of a full folder. */
const COUNT_INTERVAL = 10_000
const NAMES_AT_ONCE = 512

type InboxOptions = {
  readonly reserve?: StorageLimits['reserve']
  /** Documents of one sender that may stand there. */
  readonly limit?: number
  readonly note?: (line: string) => void
}

/**
 * `<folder>/<sender>/<document id>.xml`, and `.receipt.xml` before it: whoever finds the one finds
 * the other.
 */
export function openInbox(
  folder: string,
  ledger: LedgerReader,
  { reserve = 'auto', limit = LIMIT, note = () => {} }: InboxOptions = {},
): HandOffTarget {
  const onAside = (path: string, aside: string) =>
    note(`${quote(path)} in the inbox was not put there by the receiver: it is now ${quote(aside)}`)
  const rooms = new Map<string, Room>()
  const describe = async (document: AcceptedDocument): Promise<NewFile[]> => {
    const { sender, id } = document
    const place = join(folder, fileNameOf(sender), fileNameOf(id))
    const [content, receipt] = await Promise.all([ledger.read(sender, id), ledger.receipt(sender, id)])
    if (content === undefined || receipt === undefined)
      throw new Fault('storage-unavailable', `entry ${document.index} has lost its document or receipt`)
    return [
      { path: `${place}.receipt.xml`, bytes: receipt },
      { path: `${place}.xml`, bytes: content },
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

/** A folder that is there is the operator's: its group and mode stay as they are. */
async function makeShared(folder: string): Promise<void> {
  if ((await stat(folder).catch(() => undefined))?.isDirectory()) return
  await makeDurableFolder(folder, 0o700)
  await chmod(folder, FOLDER_MODE)
}

/**
 * Of the inbox's group. What stands there and is no folder, a link to one included, is put aside.
 */
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
  // A group that this user is not in cannot be given; then it is the user's own.
  if ((await stat(place)).gid !== gid) await chown(place, -1, gid).catch(() => {})
  await chmod(place, FOLDER_MODE)
}

/**
 * Copies stop at twice the reserve, so that evidence has the last of the disk to itself. Throws the
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
  const detail = `the disk of ${folder} has ${free} bytes free; the inbox leaves ${least} of them: take documents away, or set --disk-reserve`
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

/**
 * How many more documents may stand in a sender's folder. They are counted only when there could be
 * too many.
 */
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
      const detail = `${this.#folder} is full: at most ${this.#limit} documents of one sender wait there; take some away, or set --inbox off`
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
