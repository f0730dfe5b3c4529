// What the checks of a sender give each other: each row its own, under its name.
import { checksOf } from '@seg/core'
import type { LogVerifier } from '@seg/ledger'
import type { Identity, PeerTrust } from '@seg/pki'
import type { Receivers } from '../credentials/sender-credentials.ts'
import type { Answer } from '../exchange/connection.ts'
import type { ShownServer } from './look-at-server.ts'

export type SenderSettings = {
  readonly certs: string
  readonly data: string
  readonly config?: string | undefined
}

export type SenderFacts = {
  readonly configuration: SenderSettings
  readonly 'ca.crt': PeerTrust
  readonly receivers: Receivers
  readonly 'log.pub': readonly LogVerifier[]
  readonly 'sender.crt': Identity
  readonly 'sender.crt in use': true
  readonly 'signing.crt': true
  readonly data: true
  readonly 'document types': true
  readonly name: true
  readonly connection: true
  readonly tls: ShownServer
  /** The gateway's id, and the CAs that a delivery to it goes by. */
  readonly server: { readonly id: string; readonly trust: PeerTrust }
  readonly answer: Answer
  readonly 'our certificate there': true
  readonly clocks: true
  readonly log: true
  readonly 'test document': true
}

export const senderRow = checksOf<SenderFacts>()
