// What the checks of a receiver give each other: each row its own, under its name.
import { checksOf } from '@seg/core'
import type { Identity, LogIdentity, SealIdentity, Trust, TrustPolicy } from '@seg/pki'
import type { ReadTrust } from '../credentials/read-trust.ts'
import type { PortState } from './look-at-port.ts'

export type Settings = {
  readonly certs: string
  readonly data: string
  readonly host: string
  readonly port: number
  readonly diskReserve: number | 'auto'
  readonly adminPort: number | 'auto' | 'off'
  readonly config?: string | undefined
  readonly ledger?: string | undefined
  readonly ledgerPassword?: string | undefined
}

export type Facts = {
  readonly configuration: Settings
  readonly 'hand-off': true
  readonly 'ca.crt': Trust
  readonly 'receiver.crt': Identity
  readonly 'receiver.crt in use': true
  readonly 'seal.crt': SealIdentity
  readonly 'seal.crt in use': true
  readonly 'console.crt': true
  readonly 'log.key': LogIdentity
  readonly partners: ReadTrust
  readonly 'document types': true
  readonly 'authorities and lists': TrustPolicy
  readonly 'receiver.crt for senders': true
  readonly 'seal.crt for senders': true
  readonly port: PortState
  readonly ledger: true
  /** `place`: itself, or what it would be made in. */
  readonly data: { readonly isNew: boolean; readonly place: string }
  readonly 'data in use': true
  readonly 'log of data': true
  readonly disk: true
  readonly clock: true
}

export const row = checksOf<Facts>()
