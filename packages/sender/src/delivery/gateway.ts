// The sending gateway as its parts see it: its identity and trust, its state, and how long it
// tries.
import { join } from 'node:path'
import type { Outbox, OutboxDocument } from '@seg/ledger'
import type { Tracer } from '@seg/operators'
import type { SenderCredentials } from '../credentials/sender-credentials.ts'
import type { TlsFacts } from '../exchange/connection.ts'
import type { Meter } from '../progress.ts'
import type { CheckedReceipt } from '../receipt/check-receipt.ts'
import type { LogWitness } from '../receipt/log-witness.ts'

/** Times, a timer and random numbers, from outside. */
export type Clock = {
  readonly now: () => Date
  /** Milliseconds of a monotonic clock: durations are measured by it. */
  readonly elapsed: () => number
  readonly random: () => number
  readonly pause: (milliseconds: number) => Promise<void>
}

/** How long a person waits for the outcome. */
export type Patience = {
  /** Milliseconds for all tries together. */
  readonly timeout: number
  /** Called before each pause. */
  readonly onWait: (reason: string, milliseconds: number) => void
}

/**
 * A daemon's credentials are replaced while it runs: one try takes a copy of this, and so one
 * snapshot of them.
 */
export type SendingGateway = SenderCredentials & {
  /** Folder of this gateway's durable state. */
  readonly data: string
  readonly outbox: Outbox
  readonly witness: LogWitness
  /** Milliseconds from queueing until a document expires. */
  readonly lifetime: number
  /** Milliseconds since 1970 by the clock that lifetimes are judged by. */
  readonly lifetimeClock: () => number
  readonly clock: Clock
  /** Gets messages for people. */
  readonly note: (line: string) => void
  readonly meter: Meter
  /** Takes each try, where a collector wants it. */
  readonly tracer?: Tracer | undefined
}

/** One that a person waits for. */
export type WaitingGateway = SendingGateway & { readonly patience: Patience }

/**
 * A document with a verified receipt; `made` is undefined when that was so before and no connection
 * was needed.
 */
export type Delivery = {
  /** Of its entry in the outbox. */
  readonly number: number
  readonly receipt: CheckedReceipt
  readonly receiptPath: string
  readonly documentPath: string
  /** `tls` is unknown when another process delivered it. */
  readonly made: { readonly tries: number; readonly tls?: TlsFacts } | undefined
}

export function documentPathOf({ path }: OutboxDocument, { data }: Pick<SendingGateway, 'data'>): string {
  return join(data, path)
}
