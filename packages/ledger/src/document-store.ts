// The port of the ledger: what any store of accepted documents keeps and promises. The store of files stands behind it today.

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
  /** The exact received bytes. */
  export(sender: string, id: string): Promise<Buffer | undefined>
}

/** The one writer. What it tells anybody of is durable: `find` and `receipt` never name a document that a power loss could take back. */
export interface DocumentStore extends DocumentReader {
  /**
   * Durable when it resolves. The same document again is a replay and gives the receipt that was stored first. Throws the Fault
   * `document-id-conflict` for other bytes under the same sender and id, and `storage-unavailable` when nothing was accepted.
   */
  accept(document: Omit<AcceptedDocument, 'index'>, bytes: Uint8Array, receipt: Buffer): Promise<{ replay: boolean; receipt: Buffer }>
  close(): Promise<void>
}
