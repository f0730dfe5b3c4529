// What the receiver decides with: its identity, whom it trusts, its ledger, its limits, its clock.
import type { X509Certificate } from 'node:crypto'
import type { Ledger } from '@seg/ledger'
import type { Identity, Trust } from '@seg/pki'
import type { Limits } from './limits.ts'
import type { RefusalLog } from './refusal-log.ts'
import type { SecondOpinion } from './second-opinion.ts'
import type { StorageRoom } from './storage-room.ts'
import type { Uploads } from './uploads.ts'

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
  readonly limits: Limits
  now(): Date
}
