// The port of the ledger: what any store of accepted documents keeps and promises. The store of files stands behind it today.

/** The largest document that is held in memory while it comes in; of a larger one only this much is, twice. */
export const HELD_IN_MEMORY = 256 * 1024

/** What the gateway knows of a document it accepted. */
export type AcceptedDocument = {
  /** Id of the gateway that sent it. */
  readonly sender: string
  /** The document's own id, unique for its sender. */
  readonly id: string
  /** RFC 3339 in UTC with milliseconds. */
  readonly acceptedAt: string
  readonly bytes: number
  /** Of the received bytes, in hexadecimal. */
  readonly sha256: string
  /** Digest of the signature's Reference, in base64. */
  readonly referenceDigest: string
  /** Place in the order of acceptance, from 0; a crash may leave a gap, never a second document of one place. */
  readonly index: number
}

/** Reading only; open to any process at any time. Every method throws the Fault `storage-unavailable` when the storage fails. */
export interface DocumentReader {
  find(sender: string, id: string): Promise<AcceptedDocument | undefined>
  receipt(sender: string, id: string): Promise<Buffer | undefined>
  /** In order of acceptance. */
  list(): AsyncIterable<AcceptedDocument>
  /** The exact received bytes, in pieces; looked through for damage before the first is handed out. */
  read(sender: string, id: string): Promise<AsyncIterable<Uint8Array> | undefined>
  /** The same at once, for documents that fit into memory. */
  export(sender: string, id: string): Promise<Buffer | undefined>
}

/**
 * The bytes of a document on their way in, of which nothing is accepted, visible or durable yet. Every method throws the Fault
 * `storage-unavailable` when the storage fails.
 */
export interface Staging {
  /** How many were written. */
  readonly bytes: number
  /** Takes the next piece. A promise: it must stay as it is, and no other may follow, until that resolves. */
  write(chunk: Uint8Array): Promise<void> | undefined
  /** What was written so far, from its start. */
  read(): AsyncIterable<Uint8Array>
  /** Takes back what was not accepted; does nothing after that. */
  discard(): Promise<void>
}

/** The one writer. What it tells anybody of is durable: `find` and `receipt` never name a document that a power loss could take back. */
export interface DocumentStore extends DocumentReader {
  stage(): Staging
  /**
   * Durable when it resolves. `content` is the document in memory or staged by this store, and is discarded whatever comes of it. The same document again is a replay and gives the receipt that was stored first. Throws the Fault
   * `document-id-conflict` for other bytes under the same sender and id, and `storage-unavailable` when nothing was accepted.
   */
  accept(
    document: Omit<AcceptedDocument, 'index'>,
    content: Uint8Array | Staging,
    receipt: Buffer,
  ): Promise<{ replay: boolean; receipt: Buffer }>
  /** Waits for acceptances under way. */
  close(): Promise<void>
}
