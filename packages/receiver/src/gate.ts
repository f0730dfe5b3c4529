// What the receiver decides with: its identity, whom it trusts, its ledger, its limits, its clock.
import type { X509Certificate } from 'node:crypto'
import type { Ledger } from '@seg/ledger'
import type { Identity, Trust } from '@seg/pki'
import type { RefusalLog } from './acceptance/refusal-log.ts'
import type { SecondOpinion } from './acceptance/second-opinion.ts'
import type { StorageRoom } from './acceptance/storage-room.ts'
import type { Uploads } from './http/uploads.ts'
import type { ReceiverLimits } from './limits.ts'

export type Gate = {
  /** The TLS server's certificate; its id is ours. */
  readonly identity: Identity
  /** Of what signs our receipts. */
  readonly seal: X509Certificate
  readonly trust: Trust
  readonly ledger: Ledger
  readonly refusals: RefusalLog
  /** On the disk of the data folder. */
  readonly room: StorageRoom
  readonly uploads: Uploads
  readonly secondOpinion: SecondOpinion
  /** How far TimestampForSignature may be from our clock, either way, in seconds. */
  readonly clockSkew: number
  readonly limits: ReceiverLimits
  now(): Date
}
