// What the receiver decides with: its identity and whom it trusts, its ledger, its limits, its
// clock.
import type { Ledger } from '@seg/ledger'
import type { AuditTrail, Desk } from '@seg/operators'
import type { RefusalLog } from './acceptance/refusal-log.ts'
import type { SecondOpinion } from './acceptance/second-opinion.ts'
import type { StorageRoom } from './acceptance/storage-room.ts'
import type { LiveCredentials } from './credentials/live-credentials.ts'
import type { Uploads } from './http/uploads.ts'
import type { ReceiverLimits } from './limits.ts'
import type { DocumentTraces } from './measures/document-traces.ts'
import type { SealState } from './measures/seal-state.ts'
import type { Witnesses } from './measures/witnesses.ts'

export type Gate = {
  /** The data folder. */
  readonly data: string
  /** The name of this receiver, of several with one ledger. */
  readonly node: string
  /** Replaced while we run: a request takes one snapshot of it. */
  readonly credentials: LiveCredentials
  readonly ledger: Ledger
  /** Whether receipts can be made. */
  readonly sealing: SealState
  readonly refusals: RefusalLog
  /** Acts of operators; undefined for a receiver that is embedded without them. */
  readonly audit?: AuditTrail
  /** Takes what happens, for operators; nothing depends on it. */
  readonly desk: Desk
  /** Takes what happens, too, where a collector wants it. */
  readonly traces?: DocumentTraces | undefined
  /** Who reads the log. */
  readonly witnesses: Witnesses
  /** On the disk of the data folder. */
  readonly room: StorageRoom
  readonly uploads: Uploads
  readonly secondOpinion: SecondOpinion
  /** How far TimestampForSignature may be from our clock, either way, in seconds. */
  readonly clockSkew: number
  readonly limits: ReceiverLimits
  now(): Date
}
