// The inbox: a folder where accepted documents stand beside their receipts, for the receiver's own systems to take away.
import { opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, makeDurableFolder, type NewFile, writeDurableFiles } from '@seg/core'
import type { AcceptedDocument, LedgerReader } from '@seg/ledger'
import { fileNameOf } from './file-names.ts'

/** Whoever takes documents away is the receiver's user, or of the group of the folder. */
const FOLDER_MODE = 0o750
const FILE_MODE = 0o640

export type HandOffTarget = {
  /** Of its cursor: how far it has come. */
  readonly name: string
  /** Hands on documents in their order; durable when it resolves. May be given the same ones again. Throws the Fault `storage-unavailable`. */
  take(documents: readonly AcceptedDocument[]): Promise<void>
}

/** Documents that may stand there: what nobody takes away must not fill the disk, or its table of files. */
const LIMIT = 100_000
/** Milliseconds between two counts of a full inbox. */
const COUNT_INTERVAL = 10_000
const NAMES_AT_ONCE = 512

/** `<folder>/<sender>/<document id>.xml`, and `.receipt.xml` before it: whoever finds the one finds the other. */
export function openInbox(folder: string, ledger: LedgerReader, limit = LIMIT): HandOffTarget {
  const checkRoom = watchRoom(folder, limit)
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
    async take(documents) {
      const files = (await Promise.all(documents.map(describe))).flat()
      try {
        await makeDurableFolder(folder, FOLDER_MODE)
        await checkRoom(documents.length)
        for (const sender of new Set(documents.map(document => document.sender)))
          await makeDurableFolder(join(folder, fileNameOf(sender)), FOLDER_MODE)
        await writeDurableFiles(files, FILE_MODE)
      } catch (cause) {
        if (cause instanceof Fault) throw cause
        throw new Fault('storage-unavailable', `cannot write to the inbox ${folder}: ${(cause as Error).message}`, {
          cause,
        })
      }
    },
  }
}

/** Throws the Fault `storage-unavailable` when no more documents have room in the folder. They are counted only when there could be too many. */
function watchRoom(folder: string, limit: number): (documents: number) => Promise<void> {
  let room = 0
  let countedAt = Number.NEGATIVE_INFINITY
  return async documents => {
    if (room < documents && performance.now() - countedAt >= COUNT_INTERVAL) {
      room = limit - (await countDocuments(folder))
      countedAt = performance.now()
    }
    if (room < documents) {
      const detail = `the inbox ${folder} is full: ${limit} documents may stand there until somebody takes them away, or --inbox off`
      throw new Fault('storage-unavailable', detail)
    }
    room -= documents
  }
}

/** In pieces: there may be very many names. */
async function countDocuments(folder: string): Promise<number> {
  let names = 0
  for await (const sender of await opendir(folder)) {
    for await (const _name of await opendir(join(folder, sender.name), { bufferSize: NAMES_AT_ONCE })) names++
  }
  return names / 2
}
