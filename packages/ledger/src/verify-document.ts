// What an entry of the log says, against everything else that is stored about it.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { Fault, quote } from '@seg/core'
import { readFileChunks } from './file-chunks.ts'
import type { AcceptedDocument, SealableAcceptance } from './ledger.ts'
import { openCheckpoint } from './log/checkpoint.ts'
import type { AcceptedEvent, LogEvent } from './log/leaf.ts'
import type { LogKeys } from './log/log-keys.ts'
import { hashLeaf, type TreeHead, verifyInclusion } from './log/merkle.ts'
import { columnsOf } from './sqlite/entry-columns.ts'
import type { Evidence, Row } from './sqlite/evidence.ts'
import { contentsFolder } from './sqlite/sqlite-reader.ts'

/** What a receipt says of the log. */
export type ReceiptEntry = Pick<SealableAcceptance, 'index' | 'treeSize' | 'leaf' | 'proof' | 'checkpoint'>

/**
 * Reads a receipt that was sealed for `document`, and throws when it was not: the ledger does not know how receipts are written. What it
 * returns is compared with the log.
 */
export type CheckReceipt = (receipt: Buffer, document: AcceptedDocument) => ReceiptEntry

const FILE_NAME = /^[0-9a-f]{32}$/

export class DocumentCheck {
  readonly #folder: string
  readonly #evidence: Evidence
  readonly #keys: LogKeys
  readonly #checkReceipt: CheckReceipt
  /** Receipts of one batch share a checkpoint. */
  #latest: { readonly note: string; readonly head: TreeHead } | undefined
  #count = 0

  constructor(folder: string, evidence: Evidence, keys: LogKeys, checkReceipt: CheckReceipt) {
    this.#folder = folder
    this.#evidence = evidence
    this.#keys = keys
    this.#checkReceipt = checkReceipt
  }

  /** Documents that were verified. */
  get count(): number {
    return this.#count
  }

  async check(row: Row, event: LogEvent, leaf: Buffer): Promise<void> {
    const index = Number(row.leaf_index)
    checkColumns(index, event, row)
    if (event.type === 'accepted') await this.#checkDocument(index, event, row, leaf)
    else checkNone(index, event, row)
    if (event.type === 'conflict') this.#checkConflict(index, event)
  }

  async #checkDocument(index: number, event: AcceptedEvent, row: Row, leaf: Buffer): Promise<void> {
    const { sender, document: id, at: acceptedAt, bytes, reference: referenceDigest } = event
    const document = { sender, id, acceptedAt, bytes, sha256: hex(event.sha256), referenceDigest, index }
    const { from_sender, name, accepted_at, reference_digest } = row
    const stored = { from_sender, name, accepted_at, bytes: row.bytes, sha256: row.sha256, reference_digest }
    const said = {
      from_sender: sender,
      name: id,
      accepted_at: acceptedAt,
      bytes,
      sha256: document.sha256,
      reference_digest: referenceDigest,
    }
    if (row.document === null)
      throw new Fault('log-invalid', `entry ${index} accepts ${quote(id)}, of which there is no document`)
    compare(`the document ${quote(id)}`, index, said, stored)
    const found = this.#evidence.find(sender, id)
    if (found !== index)
      throw new Fault('log-invalid', `whoever asks for ${quote(id)} is led to entry ${found}, not to ${index}`)
    await this.#checkBytes(document, row)
    this.#checkReceiptOf(document, leaf)
    this.#count++
  }

  async #checkBytes({ id, index, sha256, bytes }: AcceptedDocument, row: Row): Promise<void> {
    const isInRow = row.content !== null
    if (isInRow === (row.file !== null)) {
      throw new Fault(
        'log-invalid',
        `the bytes of ${quote(id)}, entry ${index}, are stored ${isInRow ? 'twice' : 'nowhere'}`,
      )
    }
    const found = await (isInRow
      ? digestOf([this.#evidence.octets(index) ?? Buffer.alloc(0)])
      : this.#digestFile(id, String(row.file)))
    compare(`the document ${quote(id)}`, index, { bytes, sha256 }, found)
  }

  async #digestFile(id: string, name: string): Promise<Digest> {
    if (!FILE_NAME.test(name))
      throw new Fault('log-invalid', `the bytes of ${quote(id)} are in a file called ${quote(name)}`)
    try {
      return await digestOf(readFileChunks(join(contentsFolder(this.#folder), name)))
    } catch (cause) {
      const isGone = cause instanceof Fault && (cause.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
      throw isGone
        ? new Fault('log-invalid', `the file ${name} with the bytes of ${quote(id)} is missing`, { cause })
        : cause
    }
  }

  #checkReceiptOf(document: AcceptedDocument, leaf: Buffer): void {
    const { id, index } = document
    const receipt = this.#evidence.receipt(index)
    if (receipt === undefined) throw new Fault('log-invalid', `the receipt of ${quote(id)}, entry ${index}, is missing`)
    try {
      const entry = this.#checkReceipt(receipt, document)
      if (entry.index !== index) throw new Fault('log-invalid', `it speaks of entry ${entry.index}`)
      if (!entry.leaf.equals(leaf)) throw new Fault('log-invalid', 'its leaf is not that of the log')
      verifyInclusion({ leafHash: hashLeaf(leaf), index, proof: entry.proof, tree: this.#headOf(entry) })
    } catch (cause) {
      if (!(cause instanceof Fault)) throw cause
      throw new Fault('log-invalid', `the receipt of ${quote(id)}, entry ${index}: ${cause.detail}`, { cause })
    }
  }

  /** The tree of a receipt's checkpoint, which must be the one that the log has for it. */
  #headOf({ treeSize, checkpoint: note }: ReceiptEntry): TreeHead {
    if (this.#latest?.note === note && this.#latest.head.size === treeSize) return this.#latest.head
    if (this.#evidence.checkpoint(treeSize) !== note)
      throw new Fault('log-invalid', `its checkpoint is not that of the log at ${treeSize}`)
    this.#latest = { note, head: openCheckpoint(note, this.#keys.at(treeSize)) }
    return this.#latest.head
  }

  #checkConflict(index: number, { sender, document, accepted }: Extract<LogEvent, { type: 'conflict' }>): void {
    if (accepted < index && this.#evidence.find(sender, document) === accepted) return
    throw new Fault(
      'log-invalid',
      `entry ${index} is a conflict with entry ${accepted}, which does not accept ${quote(document)}`,
    )
  }
}

type Digest = { readonly bytes: number; readonly sha256: string }

async function digestOf(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<Digest> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const piece of pieces) {
    hash.update(piece)
    bytes += piece.length
  }
  return { bytes, sha256: hash.digest('hex') }
}

function hex(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex')
}

function checkColumns(index: number, event: LogEvent, { at, type, sender, document_id, code }: Row): void {
  compare('its row', index, columnsOf(event), { at, type, sender, document_id, code })
}

function checkNone(index: number, { type }: LogEvent, { document, content, file, receipt }: Row): void {
  const found = Object.entries({ document, content, file, receipt }).find(([, value]) => value !== null)
  if (found !== undefined)
    throw new Fault('log-invalid', `entry ${index} is of type ${type}, but there is a ${found[0]} for it`)
}

function compare(
  what: string,
  index: number,
  said: Readonly<Record<string, unknown>>,
  stored: Readonly<Record<string, unknown>>,
): void {
  for (const [name, value] of Object.entries(said)) {
    if (stored[name] === value) continue
    throw new Fault(
      'log-invalid',
      `entry ${index} and ${what} differ: ${name} is ${show(value)} there and ${show(stored[name])} here`,
    )
  }
}

function show(value: unknown): string {
  return typeof value === 'string' ? quote(value) : String(value)
}
