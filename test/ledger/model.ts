// The ledger as two lists and a map: what it must say after any history,
// with the tree of RFC 6962 computed from the list each time it is asked for.
import { createHash } from 'node:crypto'
import type { AcceptedDocument } from '../../packages/ledger/src/index.ts'
import type { LogEvent } from '../../packages/ledger/src/log/leaf.ts'
import { hashEntry, type RangeHash, rangeHash } from '../independent/merkle.ts'

export type Sent = { readonly document: Omit<AcceptedDocument, 'index'>; readonly bytes: Buffer }
export type Kept = { readonly document: AcceptedDocument; readonly bytes: Buffer; readonly receipt: Buffer }

/** What comes of a document that is sent, as far as one can know before its receipt is seen. */
export type Verdict = 'new' | 'replay' | 'conflict'

export class Model {
  /** Entries of the log, each as docs/log.md says that it is written. */
  readonly entries: Buffer[] = []
  /** In order of acceptance. */
  readonly kept: Kept[] = []
  readonly cursors = new Map<string, number>()

  find({ sender, id }: Pick<AcceptedDocument, 'sender' | 'id'>): Kept | undefined {
    return this.kept.find(({ document }) => document.sender === sender && document.id === id)
  }

  judge({ document }: Sent): Verdict {
    const earlier = this.find(document)
    if (earlier === undefined) return 'new'
    return earlier.document.sha256 === document.sha256 ? 'replay' : 'conflict'
  }

  accept({ document, bytes }: Sent, receipt: Buffer): void {
    const index = this.entries.push(acceptedEntry(document)) - 1
    this.kept.push({ document: { ...document, index }, bytes, receipt })
  }

  conflict({ document }: Sent): void {
    this.entries.push(conflictEntry(document, this.find(document)!.document.index))
  }

  record(event: LogEvent): number {
    return this.entries.push(entryOf(event)) - 1
  }

  /** Of the tree that the log is now, and of every one that it was. */
  hash(): RangeHash {
    return rangeHash(this.entries.map(hashEntry))
  }
}

export function entryOf(event: LogEvent): Buffer {
  return Buffer.from(JSON.stringify({ v: 1, ...event }))
}

export function acceptedEntry({
  sender,
  id,
  acceptedAt: at,
  bytes,
  sha256,
  referenceDigest: reference,
}: Sent['document']): Buffer {
  return entryOf({ type: 'accepted', at, sender, document: id, bytes, sha256: base64(sha256), reference })
}

export function conflictEntry({ sender, id, acceptedAt: at, sha256 }: Sent['document'], accepted: number): Buffer {
  return entryOf({ type: 'conflict', at, sender, document: id, sha256: base64(sha256), accepted })
}

/** Any bytes as a document: its digests are its own. */
export function makeSent(sender: string, id: string, acceptedAt: string, bytes: Buffer): Sent {
  const digest = createHash('sha256').update(bytes)
  const document = {
    sender,
    id,
    acceptedAt,
    bytes: bytes.length,
    sha256: digest.copy().digest('hex'),
    referenceDigest: digest.digest('base64'),
  }
  return { document, bytes }
}

function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64')
}
