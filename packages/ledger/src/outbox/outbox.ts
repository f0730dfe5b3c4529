// The port of the outbox: what a sender has taken on, and what came of it. Nothing here knows of a
// database.
import { Fault, type FaultCode } from '@seg/core'
import type { LogMemory, SeenCheckpoint, WitnessedLog } from './log-memory.ts'

/** Where a delivery stands. `queued` is the only one that anything comes after. */
export type OutboxState = 'queued' | 'delivered' | 'refused' | 'expired' | 'cancelled'

/**
 * Where our own Signature stands in a signed document, so that it can be taken out and made again.
 */
export type OwnSignature = {
  /** Bytes before it, and behind it. */
  readonly offset: number
  readonly tailBytes: number
  /** Whether we filled in TimestampForSignature, too. */
  readonly fillsTime: boolean
}

/** The signed bytes that go out on every try: a file, written once. */
export type OutboxDocument = {
  /** Name of the file, relative to the folder of the outbox. */
  readonly path: string
  readonly bytes: number
  /** Of the file, in hexadecimal. */
  readonly sha256: string
  /**
   * What the document says of itself; undefined for one that came signed and that we cannot verify.
   */
  readonly id: string | undefined
  readonly receiverId: string | undefined
  /** Undefined for a document that came to us signed. */
  readonly own: OwnSignature | undefined
}

/** Why a delivery has not come to its end, or to which. */
export type OutboxReason = { readonly code: FaultCode; readonly detail: string; readonly at: number }

/** What is known of an attempt beside its end. */
export type AttemptNotes = {
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** Milliseconds. */
  readonly duration: number
  /** Of the answer that decided, if one came. */
  readonly status?: number | undefined
  /** Of the receiver, if a connection stood. */
  readonly address?: string | undefined
  /** `urn:uuid:…`, as the receiver's problem names the request. */
  readonly request?: string | undefined
}

/** `expired`: failed as the last one. */
export type AttemptOutcome = 'postponed' | 'delivered' | 'refused' | 'expired'

export type Attempt = AttemptNotes & {
  /** From 1: how many tries the entry had with it. */
  readonly number: number
  readonly outcome: AttemptOutcome
  readonly code: FaultCode | undefined
  /** Bounded. */
  readonly detail: string | undefined
}

/** Times are milliseconds since 1970. */
export type OutboxEntry = {
  /** From 1, in the order of queueing; never used again. */
  readonly number: number
  /**
   * What was asked for (input, id and receiver) as a key: the same for every entry that asks for
   * the same.
   */
  readonly delivery: string
  /** Origin of the receiver's URL. */
  readonly receiver: string
  /** What people call the input. */
  readonly file: string
  readonly document: OutboxDocument
  readonly queuedAt: number
  readonly expiresAt: number
  readonly state: OutboxState
  /** Attempts that ended, and those whose process ended first. */
  readonly tries: number
  /** Not before this time, as far as the clock can be believed. */
  readonly nextTry: number
  /** Whether a person asked for a try now, in spite of the receiver's Retry-After. */
  readonly isHurried: boolean
  /** Who is sending it at the moment. */
  readonly lease: string | undefined
  /** How often it was leased: the number of its last lease. */
  readonly leases: number
  readonly settledAt: number | undefined
  readonly reason: OutboxReason | undefined
}

/**
 * An entry in the hands of who leased it. What is written by it counts only while its lease is the
 * last one of the entry, by holder and number.
 */
export type LeasedEntry = OutboxEntry & { readonly lease: string }
export type HeldLease = Pick<LeasedEntry, 'number' | 'delivery' | 'lease' | 'leases'>

/**
 * Bytes of documents under the paths that entries give them, for senders with folders of their own.
 * What was kept is never removed. Throws the Fault `storage-unavailable`.
 */
export interface SharedDocuments {
  /** Durable when it resolves. Throws the Fault `document-too-large` for more than it takes. */
  keep(path: string, octets: AsyncIterable<Uint8Array>): Promise<void>
  has(path: string): Promise<boolean>
  /** Nothing of one that was not kept. */
  read(path: string): AsyncIterable<Uint8Array>
}

/** Another process has the entry now: nothing was written. It sends the same bytes. */
export class LeaseLost extends Fault {
  constructor({ number, state }: Pick<OutboxEntry, 'number' | 'state'>) {
    super(
      'delivery-pending',
      `the lease of number ${number} of the outbox was lost to another process: the entry is ${state}, ` +
        'and nothing is written',
    )
  }
}

/** An entry, and what its latest attempt says of the other side. */
export type FollowedEntry = OutboxEntry & Partial<Pick<AttemptNotes, 'address' | 'request'>>

export type OutboxRequest = Pick<OutboxEntry, 'delivery' | 'receiver' | 'file' | 'document' | 'queuedAt' | 'expiresAt'>

/**
 * Open to several processes at once. What a promise resolves with is durable. A lease is its
 * holder's until it gives it back, or until its process has ended or is taken to have ended: nobody
 * else can take the entry before. Every method throws the Fault `storage-unavailable` when the
 * storage fails.
 */
export interface Outbox {
  /**
   * The entry that is queued for this delivery, by any process, else a new one. `isNew` says which.
   * `seen` is the last entry of the delivery as the caller knows it; when that is not so any more,
   * the entry that is last now, which may be settled, and nothing is queued. A queued entry that is
   * past its time expires, and a new one is queued; when it was never tried, its time is renewed
   * instead.
   */
  queue(
    request: OutboxRequest,
    seen?: Pick<OutboxEntry, 'number' | 'state'>,
  ): Promise<{ entry: OutboxEntry; isNew: boolean }>
  find(number: number): Promise<OutboxEntry | undefined>
  /** The last entry of a delivery. */
  latest(delivery: string): Promise<OutboxEntry | undefined>
  /** Those of these entries that are the last of their delivery, in order of number. */
  latestOf(numbers: readonly number[]): Promise<OutboxEntry[]>
  /** In order of number. */
  list(states?: readonly OutboxState[]): AsyncIterable<OutboxEntry>
  /** Every entry of the document with this id. */
  findDocument(id: string): Promise<OutboxEntry[]>
  /** The receipt that made an entry `delivered`. */
  receipt(number: number): Promise<Buffer | undefined>
  /**
   * Attempts of an entry, the latest first: its first one and the latest 99. A number up to `tries`
   * that is missing was not recorded: its process ended, or lost its lease, before the attempt did,
   * or an earlier version made it, or it is one between.
   */
  attempts(number: number): Promise<Attempt[]>

  /** Receivers with something queued. */
  receivers(): Promise<string[]>
  /**
   * Leases what is due for a receiver: first what is hurried, as long as no more than `urgent`
   * (without it: `limit`) of its entries are leased by any process, then the rest, the longest due
   * first, as long as no more than `limit` are. An entry past its time is tried like another: only
   * the holder gives it up.
   */
  lease(ask: { receiver: string; limit: number; urgent?: number; now: number }): Promise<LeasedEntry[]>
  /**
   * Leases one entry whether it is due or not; undefined when it is not queued any more, or is
   * leased.
   */
  leaseOne(number: number): Promise<LeasedEntry | undefined>

  /** Gives the lease back; one that was lost is nobody's to give. */
  release(held: HeldLease): Promise<void>
  /**
   * These four end the lease and an attempt, which is kept with the same commit. They throw
   * LeaseLost when it was lost before.
   */
  postpone(held: HeldLease, reason: OutboxReason, nextTry: number, attempt: AttemptNotes): Promise<OutboxEntry>
  /** `receipt` was verified: nothing else may lead here. */
  deliver(held: HeldLease, receipt: Uint8Array, now: number, attempt: AttemptNotes): Promise<OutboxEntry>
  refuse(held: HeldLease, reason: OutboxReason, attempt: AttemptNotes): Promise<OutboxEntry>
  /** The entry expires: a try that began after its time has failed, too. */
  giveUp(held: HeldLease, reason: OutboxReason, attempt: AttemptNotes): Promise<OutboxEntry>
  /** New bytes instead of those that were never accepted; the lease stays. Throws LeaseLost. */
  replaceDocument(held: HeldLease, document: OutboxDocument): Promise<LeasedEntry>

  /** Throws the Fault `usage` for an entry that is settled or on its way. */
  cancel(number: number, now: number): Promise<OutboxEntry>
  /**
   * Hurries a queued entry; queues a settled one again, hurried, under another number. Throws the
   * Fault `usage` for one that is delivered.
   */
  retry(number: number, now: number, expiresAt: number): Promise<OutboxEntry>

  /**
   * Remembers `next`, which was proven to continue `proven`; false, and nothing done, when that is
   * not what is known of the log any more, under any of its keys: another process was first.
   */
  remember(log: string, proven: WitnessedLog, next: SeenCheckpoint): Promise<boolean>
  /** Where the bytes of documents are as well; undefined where all who open it share a folder. */
  readonly documents: SharedDocuments | undefined
  /** What else is known of the logs. */
  readonly logs: LogMemory
  /** Gives back the leases. */
  close(): Promise<void>
}
