// What the receiver decides with: its identity and seal, whom it trusts, its store, its limits, its clock.
import type { DocumentStore } from '@seg/ledger'
import type { Identity, Trust } from '@seg/pki'
import type { Limits } from './limits.ts'
import type { SecondOpinion } from './second-opinion.ts'
import type { Uploads } from './uploads.ts'

export type Gate = {
  /** The TLS server's certificate; its id is ours. */
  readonly identity: Identity
  /** What receipts are signed with. */
  readonly seal: Identity
  readonly trust: Trust
  readonly store: DocumentStore
  readonly uploads: Uploads
  readonly secondOpinion: SecondOpinion
  /** How far TimestampForSignature may be from our clock, either way, in seconds. */
  readonly clockSkew: number
  readonly limits: Limits
  now(): Date
}
