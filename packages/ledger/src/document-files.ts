// Reads the documents of a data folder, also while another process writes to it: what is visible there is whole.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '@seg/core'
import type { AcceptedDocument, DocumentReader } from './document-store.ts'
import { digestFile, readFileChunks } from './file-chunks.ts'
import { DOCUMENT, documentsFolder, RECEIPT, readRecord, readRecordFile, recordFolder } from './record-folder.ts'
import { isSystemError, onStorage } from './storage-fault.ts'

/** Records read at once while listing. */
const READ_AHEAD = 64

/** A folder that does not exist yet holds no documents. */
export function readDocuments(data: string): DocumentReader {
  return {
    find: (sender, id) => onStorage('read a record', () => readRecord(recordFolder(data, sender, id))),
    receipt: (sender, id) => onStorage('read a receipt', () => readRecordFile(recordFolder(data, sender, id), RECEIPT)),
    list: () => listDocuments(data),
    read: (sender, id) => onStorage('read a document', () => readDocument(recordFolder(data, sender, id))),
    export: async (sender, id) => {
      const chunks = await onStorage('read a document', () => readDocument(recordFolder(data, sender, id)))
      return chunks && Buffer.concat(await Array.fromAsync(chunks))
    },
  }
}

/** Throws the Fault `storage-unavailable` when the bytes are no longer those that were accepted. */
async function readDocument(folder: string): Promise<AsyncIterable<Uint8Array> | undefined> {
  const record = await readRecord(folder)
  if (record === undefined) return undefined
  const path = join(folder, DOCUMENT)
  const found = await digestFile(path)
  if (found !== record.sha256) {
    throw new Fault('storage-unavailable', `${path} is damaged: accepted with SHA-256 ${record.sha256}, found ${found}`)
  }
  return readFileChunks(path)
}

async function* listDocuments(data: string): AsyncGenerator<AcceptedDocument> {
  const documents = await onStorage('list the documents', () => readAllRecords(documentsFolder(data)))
  yield* documents.sort((a, b) => a.index - b.index)
}

async function readAllRecords(folder: string): Promise<AcceptedDocument[]> {
  const documents: AcceptedDocument[] = []
  for (const shard of await listFolder(folder)) {
    const names = await listFolder(join(folder, shard))
    for (let i = 0; i < names.length; i += READ_AHEAD) {
      const records = await Promise.all(names.slice(i, i + READ_AHEAD).map(name => readRecord(join(folder, shard, name))))
      documents.push(...records.filter(record => record !== undefined))
    }
  }
  return documents
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
}
