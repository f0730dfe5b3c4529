// What a writer of the ledger is asked for, and what comes of it.
import type { Fault } from '@seg/core'
import type { AcceptedDocument, AcceptOptions, MetDocument, RecordedEvent, TaskLease } from '../ledger.ts'
import type { LogKey } from '../log/checkpoint.ts'

/**
 * The document's octets, or the name under which the store has them already, durable, where they
 * are too many for a row.
 */
export type StoredContent = { readonly octets: Uint8Array } | { readonly file: string }

/**
 * A chain as sent to the writer: with its certificates, in base64, until a document of it is
 * known to be accepted.
 */
export type SentChain = { readonly fingerprints: string; readonly certificates: readonly string[] | undefined }

export type AcceptRequest = {
  readonly kind: 'accept'
  readonly document: Omit<AcceptedDocument, 'index'>
  readonly chain: SentChain
  readonly content: StoredContent
} & AcceptOptions

/** For a sender and id that are known to be accepted. */
export type AgainRequest = { readonly kind: 'again'; readonly document: MetDocument } & AcceptOptions

export type GiveUpRequest = {
  readonly kind: 'give-up'
  readonly cursor: string
  readonly index: number
  readonly at: string
  readonly reason: string
  readonly lease?: TaskLease | undefined
}

export type MoveRequest = {
  readonly kind: 'move'
  readonly cursor: string
  readonly index: number
  readonly lease?: TaskLease | undefined
}

/** `data` is what the sealer is opened with: anything that can be cloned, such as a key object. */
export type ResealRequest = { readonly kind: 'reseal'; readonly data: unknown }

/** `key`: of the verifier key, which signs from the next batch on; without it, nothing does. */
export type RotateRequest = {
  readonly kind: 'rotate'
  readonly event: RecordedEvent
  readonly verifierKey: string
  readonly key?: LogKey | undefined
}

export type WriteRequest =
  | AcceptRequest
  | AgainRequest
  | { readonly kind: 'record'; readonly event: RecordedEvent }
  | RotateRequest
  | MoveRequest
  | ResealRequest
  | GiveUpRequest

export type WriteOutcome =
  | { readonly kind: 'accepted'; readonly index: number; readonly replay: boolean; readonly receipt: Uint8Array }
  | { readonly kind: 'recorded'; readonly index: number }
  | { readonly kind: 'moved'; readonly index: number }
  | { readonly kind: 'failed'; readonly fault: Fault; readonly isDoubtful: boolean }

export type Succeeded = Exclude<WriteOutcome, { kind: 'failed' }>
