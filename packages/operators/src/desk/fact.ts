// What a part of the gateway says of one event while it happens. The desk keeps it.
import type { FaultCode } from '@seg/core'

/** `gap`: facts that were lost on the way to the desk, by number. */
export type FactKind = 'document' | 'refusal' | 'connection' | 'hand-off' | 'delivery' | 'gap'

export type FactOutcome =
  | 'accepted'
  | 'replayed'
  | 'refused'
  | 'conflict'
  /** Refusals without an entry of the log, which has their number. */
  | 'omitted'
  | 'failed'
  | 'taken'
  | 'postponed'
  | 'given-up'
  | 'lost'
  | 'queued'
  | 'delivered'
  | 'expired'
  | 'cancelled'

/** Times in milliseconds: `at` since 1970, the others durations. */
export type Fact = {
  readonly kind: FactKind
  readonly outcome: FactOutcome
  readonly at: number
  /** Index of its entry in the log. */
  readonly index?: number | undefined
  /** Number of its entry in the outbox. */
  readonly entry?: number | undefined
  readonly partner?: string | undefined
  readonly document?: string | undefined
  readonly bytes?: number | undefined
  /** In hexadecimal. */
  readonly sha256?: string | undefined
  readonly code?: FaultCode | undefined
  readonly detail?: string | undefined
  /** SHA-256 of the DER, in hexadecimal, with or without colons. */
  readonly certificate?: string | undefined
  readonly tlsVersion?: string | undefined
  readonly cipher?: string | undefined
  readonly group?: string | undefined
  readonly canonicalization?: string | undefined
  readonly digestAlgorithm?: string | undefined
  readonly signatureAlgorithm?: string | undefined
  readonly canonicalBytes?: number | undefined
  readonly receiveTime?: number | undefined
  readonly verifyTime?: number | undefined
  readonly decideTime?: number | undefined
  readonly commitTime?: number | undefined
  readonly totalTime?: number | undefined
  /** `urn:uuid:…`, as the peer and the log got it. */
  readonly request?: string | undefined
  readonly address?: string | undefined
  /** Where a hand-off goes, or the receiver of a delivery. */
  readonly target?: string | undefined
  readonly tries?: number | undefined
  /** How many events this row stands for, where that is more than one. */
  readonly count?: number | undefined
}

/** Takes facts; never throws, never waits. */
export type NoteFact = (fact: Fact) => void
