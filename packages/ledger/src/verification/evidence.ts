// The port of verification: what a store shows of all that it keeps, entry by entry. Nothing is
// taken for granted, not even the type of a value.
import type { KeyRange } from '../log/log-keys.ts'

export type StoredValue = string | number | bigint | Uint8Array | null | undefined

/** A document's octets from their start, as often as they are asked for. */
export type ReadOctets = () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/**
 * One moment's state. What has an entry below `size` never changes, so all else may be read later.
 */
export type Extent = {
  /** Of the latest checkpoint; both undefined when there is none. */
  readonly size: StoredValue
  readonly note: StoredValue
  /** Of the log's entries; undefined when there are none. */
  readonly entries: Span | undefined
  /**
   * Of everything that is kept for a document by the index of its entry; empty ones are left out.
   */
  readonly documents: readonly Span[]
  readonly lowestCheckpoint: StoredValue
  /** How many full tiles, by level. */
  readonly tiles: ReadonlyMap<StoredValue, StoredValue>
}

/** `table` is the name that an operator finds the rows under; one past the highest is the `end`. */
export type Span = { readonly table: string; readonly first: number; readonly end: number }

/** An entry with what is known of its document; null is what there is not. */
export type StoredEntry = {
  readonly leaf_index: StoredValue
  readonly leaf: StoredValue
  readonly facts: StoredValue
  readonly nonce: StoredValue
  readonly erased_at: StoredValue
  /** The columns beside the leaf, as `columnsOf` makes them. */
  readonly at: StoredValue
  readonly type: StoredValue
  readonly sender: StoredValue
  readonly document_id: StoredValue
  readonly code: StoredValue
  /** The index of the document's own row, and what that says. */
  readonly document: StoredValue
  readonly from_sender: StoredValue
  readonly name: StoredValue
  readonly accepted_at: StoredValue
  readonly bytes: StoredValue
  readonly sha256: StoredValue
  readonly reference_digest: StoredValue
  /** Fingerprints between commas. */
  readonly chain: StoredValue
  /** The places where octets of the document are; there must be one. */
  readonly contents: readonly string[]
  readonly receipt: StoredValue
}

/** Every method throws the Fault `storage-unavailable` when the storage fails. */
export interface Evidence {
  extent(): Promise<Extent>
  /** Entries `from` to before `to` that are there, in their order. */
  entries(from: number, to: number): Promise<readonly StoredEntry[]>
  /** Checkpoints of trees larger than `from`, up to `to`, in their order. */
  checkpoints(from: number, to: number): Promise<readonly StoredCheckpoint[]>
  checkpoint(size: number): Promise<StoredValue>
  /** When each key of the log was in use. */
  logKeys(): Promise<readonly KeyRange[]>
  /**
   * The octets of the document with this entry, of which `contents` names one place. Throws the
   * Fault `log-invalid` when they are not in it, now or when they are read.
   */
  content(index: number): Promise<ReadOctets>
  receipt(index: number): Promise<StoredValue>
  /** A certificate in DER, by its SHA-256. */
  certificate(fingerprint: string): Promise<StoredValue>
  /** Whether an entry is an acceptance whose facts were erased. */
  isErasedAcceptance(index: number): Promise<boolean>
  tile(level: number, index: number): Promise<{ readonly hashes: StoredValue; readonly root: StoredValue } | undefined>
  /** The entry that a request for a document returns. */
  find(sender: string, id: string): Promise<{ readonly index: StoredValue; readonly sha256: StoredValue } | undefined>
  /** Two entries with one nonce, which is of one entry alone; undefined when there are none. */
  sharedNonce(): Promise<{ readonly first: StoredValue; readonly last: StoredValue } | undefined>
  /** How far each cursor was moved: no part of the log, and verified by nothing. */
  cursors(): Promise<readonly { readonly name: string; readonly index: number }[]>
  close(): Promise<void>
}

export type StoredCheckpoint = { readonly treeSize: StoredValue; readonly note: StoredValue }

/** Undefined for what is no octets. */
export function octetsOf(value: StoredValue): Buffer | undefined {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.length) : undefined
}
