// Where a document lies: one folder for each, named by a hash of sender and id, so that no foreign text ever becomes part of a path.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '@seg/core'
import type { AcceptedDocument } from './document-store.ts'
import { isSystemError } from './storage-fault.ts'

export const DOCUMENT = 'document.xml'
export const RECEIPT = 'receipt.xml'
export const RECORD = 'record.json'

/** The shards `00` to `ff`: no folder grows too large to list. */
export const shards: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))

export function documentsFolder(data: string): string {
  return join(data, 'documents')
}

export function stagingFolder(data: string): string {
  return join(data, 'staging')
}

/** `documents/<2 hex>/<64 hex>`. No id holds a NUL, so no two pairs of sender and id share a name. */
export function recordFolder(data: string, sender: string, id: string): string {
  const name = createHash('sha256').update(`${sender}\0${id}`).digest('hex')
  return join(documentsFolder(data), name.slice(0, 2), name)
}

/** A file of a record, or undefined when there is no such record. */
export async function readRecordFile(folder: string, name: string): Promise<Buffer | undefined> {
  try {
    return await readFile(join(folder, name))
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}

export async function readRecord(folder: string): Promise<AcceptedDocument | undefined> {
  const text = await readRecordFile(folder, RECORD)
  return text === undefined ? undefined : parseRecord(text.toString(), folder)
}

export function formatRecord(document: AcceptedDocument): string {
  const { sender, id, acceptedAt, bytes, sha256, referenceDigest, index } = document
  return `${JSON.stringify({ sender, id, acceptedAt, bytes, sha256, referenceDigest, index }, undefined, 2)}\n`
}

/** A record appears whole or not at all; one that cannot be read was damaged by something else than a crash of ours. */
function parseRecord(text: string, folder: string): AcceptedDocument {
  try {
    const { sender, id, acceptedAt, bytes, sha256, referenceDigest, index } = JSON.parse(text)
    const texts = [sender, id, acceptedAt, sha256, referenceDigest]
    if (!texts.every(value => typeof value === 'string')) throw new TypeError('a text is missing')
    if (!Number.isSafeInteger(bytes) || !Number.isSafeInteger(index)) throw new TypeError('a number is missing')
    return { sender, id, acceptedAt, bytes, sha256, referenceDigest, index }
  } catch (cause) {
    throw new Fault('storage-unavailable', `${join(folder, RECORD)} is damaged: ${(cause as Error).message}`, { cause })
  }
}
