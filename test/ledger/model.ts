// The ledger as two lists and a map: what it must say after any history,
// with the tree of RFC 6962 computed from the list each time it is asked for.
import { createHash } from 'node:crypto'
import {
  type AcceptedDocument,
  type LogEvent,
  makeCertificateChain,
  type OfferedDocument,
} from '../../packages/ledger/src/index.ts'
import { certificatesOf } from '../../packages/ledger/src/testing/sample-documents.ts'
import { hashEntry, type RangeHash, rangeHash } from '../independent/merkle.ts'

export type Sent = { readonly document: OfferedDocument; readonly bytes: Buffer }
export type Kept = { readonly document: AcceptedDocument; readonly bytes: Buffer; readonly receipt: Buffer }

/** What comes of a document that is sent, as far as one can know before its receipt is seen. */
export type Verdict = 'new' | 'replay' | 'conflict'

export class Model {
  /** What the entries of the log record. */
  readonly entries: LogEvent[] = []
  /**
   * The entries as the log first showed them; only they are in the tree, and none may ever change.
   */
  readonly leaves: Buffer[] = []
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
    const index = this.record(acceptedEvent(document))
    const { chain: _, ...kept } = document
    this.kept.push({ document: { ...kept, index }, bytes, receipt })
  }

  conflict({ document }: Sent): void {
    this.record(conflictEvent(document, this.find(document)!.document.index))
  }

  record(event: LogEvent): number {
    return this.entries.push(event) - 1
  }

  /** Of the tree that the log is now, and of every one that it was. */
  hash(): RangeHash {
    return rangeHash(this.leaves.map(hashEntry))
  }
}

export function acceptedEvent({
  sender,
  id,
  acceptedAt: at,
  bytes,
  sha256,
  referenceDigest: reference,
  chain,
}: Sent['document']): LogEvent {
  const [sha, certificate] = [base64(sha256), base64(chain.fingerprints[0]!)]
  return { type: 'accepted', at, sender, document: id, bytes, sha256: sha, reference, certificate }
}

export function conflictEvent({ sender, id, acceptedAt: at, sha256 }: Sent['document'], accepted: number): LogEvent {
  return { type: 'conflict', at, sender, document: id, sha256: base64(sha256), accepted }
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
    chain: makeCertificateChain(certificatesOf(sender)),
  }
  return { document, bytes }
}

function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64')
}
