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
import type { InTurn } from './shares/in-turn.ts'
import type { UploadShares } from './shares/upload-shares.ts'

/**
 * What connections, requests and acceptance need. In a connection process, what writes or counts
 * asks the process with the ledger.
 */
export type ExchangeGate = {
  /** The data folder. */
  readonly data: string
  /** Replaced while we run: a request takes one snapshot of it. */
  readonly credentials: LiveCredentials
  readonly ledger: Pick<Ledger, 'accept' | 'acceptAgain' | 'find' | 'log' | 'receipt' | 'record' | 'stage'>
  /** Hears of receipts. */
  readonly sealing: Pick<SealState, 'failed' | 'signed'>
  readonly refusals: Pick<RefusalLog, 'limitConflicts' | 'record'>
  /** Takes what happens, for operators; nothing depends on it. */
  readonly desk: Pick<Desk, 'note'>
  /** Takes what happens, too, where a collector wants it. */
  readonly traces?: Pick<DocumentTraces, 'answering'> | undefined
  /** Who reads the log. */
  readonly witnesses: Pick<Witnesses, 'note'>
  readonly uploads: Uploads
  readonly inTurn: InTurn
  readonly secondOpinion: SecondOpinion
  /** How far TimestampForSignature may be from our clock, either way, in seconds. */
  readonly clockSkew: number
  readonly limits: ReceiverLimits
  now(): Date
}

export type Gate = ExchangeGate & {
  /** The name of this receiver, of several with one ledger. */
  readonly node: string
  readonly ledger: Ledger
  /** Whether receipts can be made. */
  readonly sealing: SealState
  readonly refusals: RefusalLog
  /** Acts of operators; undefined for a receiver that is embedded without them. */
  readonly audit?: AuditTrail
  readonly desk: Desk
  readonly traces?: DocumentTraces | undefined
  readonly witnesses: Witnesses
  /** On the disk of the data folder. */
  readonly room: StorageRoom
  /** Of which `uploads` takes. */
  readonly shares: UploadShares
}
