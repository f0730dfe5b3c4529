// The port of the ledger: what every implementation stores and promises. Nothing here depends on
// SQLite.
import type { CertificateChain } from './certificate-chain.ts'
import type { ReadOptions } from './files/file-chunks.ts'
import type { LogKey } from './log/checkpoint.ts'
import type { LogEvent } from './log/events.ts'
import type { Opening } from './log/leaf.ts'

/**
 * The largest document that is held in memory while it comes in; of a larger one only this much is,
 * twice.
 */
export const HELD_IN_MEMORY = 256 * 1024

/** The stored facts of an accepted document. */
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
  /** Of its entry in the log: the order of acceptance, with other entries between. */
  readonly index: number
}

/** A document that came, and when; `acceptedAt` is the time of its entry, if it gets one. */
export type MetDocument = Pick<AcceptedDocument, 'sender' | 'id' | 'sha256' | 'acceptedAt'>

/** A document that is to be accepted, and the certificates that it was verified with. */
export type OfferedDocument = Omit<AcceptedDocument, 'index'> & { readonly chain: CertificateChain }

/**
 * What proves an acceptance: the document's entry in the log, under the checkpoint that it was
 * first signed with.
 */
export type SealableAcceptance = AcceptedDocument & {
  readonly treeSize: number
  readonly leaf: Buffer
  readonly opening: Opening
  readonly proof: readonly Buffer[]
  readonly checkpoint: string
}

/**
 * Makes the receipt of an acceptance; called in the writer's thread, before the acceptance is
 * durable.
 */
export type Sealer = (acceptance: SealableAcceptance) => Buffer

/** A document that the owner of this cursor could not hand on. */
export type DeadLetter = {
  readonly cursor: string
  readonly document: AcceptedDocument
  /** RFC 3339 in UTC with milliseconds. */
  readonly at: string
  readonly reason: string
}

/** Of documents: neither includes its own index. */
export type DeadLetterPlace = { readonly below: number } | { readonly above: number }

/** What one sender's documents of one hour (`YYYY-MM-DDTHH`, UTC) take. */
export type StoredInHour = {
  readonly sender: string
  readonly hour: string
  readonly documents: number
  readonly bytes: number
}

export type NewestOfSender = { readonly sender: string; readonly index: number }

/**
 * Reading only; open to any process at any time. Every method throws the Fault
 * `storage-unavailable` when the storage fails.
 */
export interface LedgerReader {
  find(sender: string, id: string): Promise<AcceptedDocument | undefined>
  receipt(sender: string, id: string): Promise<Buffer | undefined>
  /** In order of acceptance. */
  list(): AsyncIterable<AcceptedDocument>
  /**
   * The exact received bytes, in pieces; looked through for damage before the first is handed out.
   */
  read(sender: string, id: string, options?: ReadOptions): Promise<AsyncIterable<Uint8Array> | undefined>
  /**
   * The certificates that a document was verified with, in DER: the sender's first, the CA's last.
   * Undefined for one accepted before they were kept.
   */
  chain(sender: string, id: string): Promise<readonly Buffer[] | undefined>
  /** What an entry of the log records; undefined where there is none, or its facts were erased. */
  event(index: number): Promise<LogEvent | undefined>
  /** What opens an entry of the log; undefined where there is none, or it needs or has none. */
  opening(index: number): Promise<Opening | undefined>
  /**
   * At most `limit` documents with an index above `after`, of one sender or of all, in order of
   * acceptance: the next ones for a hand-off.
   */
  accepted(after: number, limit: number, sender?: string): Promise<AcceptedDocument[]>
  /**
   * Each sender that has documents with an index above `after`, with the index of the newest; -1:
   * all senders.
   */
  newest(after: number): Promise<NewestOfSender[]>
  /**
   * Of the documents accepted since then (RFC 3339 in UTC): what they take, by sender and hour.
   * With a clock that was set back in between, some more or some less.
   */
  storedSince(time: string): Promise<StoredInHour[]>
  /** The index that a cursor was moved to last; -1 for one that never was. */
  cursor(name: string): Promise<number>
  /** What was given up, by the index of the document. */
  deadLetters(): AsyncIterable<DeadLetter>
  /** The same of at most `limit` documents next to an index, the latest first. */
  deadLetterPage(limit: number, from: DeadLetterPlace): Promise<DeadLetter[]>
  readonly log: LogReader
  close(): Promise<void>
}

/** What others put into the log; an acceptance comes with its document. */
export type RecordedEvent = Exclude<LogEvent, { type: 'accepted' }>

/** The log as it is served (docs/log.md). Gives only what is durable. */
export interface LogReader {
  size(): Promise<number>
  /** The latest signed checkpoint. */
  checkpoint(): Promise<string | undefined>
  /** The first `width` hashes of a tile; undefined when the log is not that long. */
  tile(level: number, index: number, width: number): Promise<Buffer | undefined>
  /** An entry bundle; undefined when the log is not that long. */
  entries(index: number, width: number): Promise<Buffer | undefined>
}

/**
 * The bytes of a document on their way in, of which nothing is accepted, visible or durable yet.
 * Every method throws the Fault `storage-unavailable` when the storage fails.
 */
export interface Staging {
  /** How many were written. */
  readonly bytes: number
  /** So many bytes are announced; there may be more, or fewer. */
  expect(bytes: number): void
  /**
   * Takes the next piece. A promise: no other may follow until that resolves. From then on a piece
   * that has memory of its own (`releaseOctets`) is the caller's again; others must stay as they
   * are.
   */
  write(chunk: Uint8Array): Promise<void> | undefined
  /** What was written so far, from its start. */
  read(): AsyncIterable<Uint8Array>
  /** Removes what was not accepted; after an acceptance it does nothing. */
  discard(): Promise<void>
}

/** `index`: of the document's entry in the log; of a replay the first one. */
export type Accepted = { readonly index: number; readonly replay: boolean; readonly receipt: Buffer }

/**
 * `omitsConflict`: there are too many conflicts of this sender; the caller counts the rest.
 */
export type AcceptOptions = { readonly omitsConflict?: boolean }

/** Of the writer: requests that wait for it, and its commits since the start. */
export type LedgerLoad = {
  readonly waiting: number
  readonly commits: number
  /** Milliseconds, of each commit since its oldest request was sent. */
  readonly commitTime: number
}

/**
 * The one writer. Whatever it returns is durable: `find` and `receipt` never name a document that a
 * power loss could take back.
 */
export interface Ledger extends LedgerReader {
  /** Bytes of the largest document that it can store. */
  readonly mostBytes: number
  /** Whether others enter in the log too, by clocks of their own; each write compares ours. */
  readonly isShared: boolean
  readonly load: LedgerLoad
  stage(): Staging
  /**
   * The document with its entry in the log and its receipt, durable when it resolves. `content` was
   * staged by this ledger, and is discarded whatever comes of it. The same document again is a
   * replay and gives the receipt that was stored first, byte for byte. Throws the Fault
   * `document-id-conflict` for other bytes under the same sender and id (which is an entry of the
   * log, too, unless `omitsConflict`), `storage-unavailable` when nothing was accepted, and
   * `overloaded`, at once, when too many are waiting.
   */
  accept(document: OfferedDocument, content: Staging, options?: AcceptOptions): Promise<Accepted>
  /**
   * The receipt that was stored first for a document of which `find` knows the sender and id.
   * Throws as `accept` does, `document-id-conflict` for other bytes with it.
   */
  acceptAgain(document: MetDocument, options?: AcceptOptions): Promise<Buffer>
  /**
   * An entry of the log, durable when it resolves with its index. Throws the Faults
   * `storage-unavailable` and `overloaded`.
   */
  record(event: RecordedEvent): Promise<number>
  /**
   * The last entry under this key of the log, which names the next one; durable when it resolves
   * with its index. Whoever opens the ledger after that needs the next key; with `key`, it signs
   * what follows, else nothing more is taken. Throws as `record` does.
   */
  rotateKey(event: RecordedEvent, verifierKey: string, key?: LogKey): Promise<number>
  /**
   * Receipts from here on are made with what the sealer makes of `data`; those that were asked for
   * before may still be made with the former. Throws as `record` does.
   */
  replaceSealer(data: unknown): Promise<void>
  /**
   * Never back. Durable when it resolves. With the lease of the task that moves it, nothing is
   * moved once another process has one, and the Fault is `storage-unavailable`. Throws as `record`
   * does.
   */
  moveCursor(name: string, index: number, lease?: TaskLease): Promise<void>
  /**
   * Moves the cursor past a document that becomes a dead letter, in one. Throws as `moveCursor`
   * does.
   */
  giveUp(cursor: string, index: number, at: string, reason: string, lease?: TaskLease): Promise<void>
  /**
   * The lease of `task` where this process has it, of all that write to this ledger: from when it
   * asked first while no other had it, until it does not ask for some seconds.
   */
  lease(task: LedgerTask): Promise<TaskLease | undefined>
  /** Waits for what is under way. */
  close(): Promise<void>
}

/** What only one process may do at a time. */
export type LedgerTask = 'hand-off' | 'alerts'

/** `number` is higher than that of each process that had the task before. */
export type TaskLease = { readonly task: LedgerTask; readonly number: number }
