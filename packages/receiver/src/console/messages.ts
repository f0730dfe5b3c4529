// What the listener's thread and the main thread say to one another.
import type { KeyObject } from 'node:crypto'
import type { CopiedSettings } from '@seg/core'

export type ListenerOptions = {
  readonly certs: string
  readonly data: string
  readonly config: string | undefined
  /** The data folder of a sender whose outbox operators see. */
  readonly outbox: string | undefined
  readonly host: string
  readonly port: number
  /** Where people log in with a certificate; undefined: nowhere. */
  readonly certificatePort: number | undefined
  readonly fourEyes: boolean
  /** The folder that backups are made in; undefined: operators make none. */
  readonly backups: string | undefined
  /** What this receiver was started with, for a diagnosis; undefined: there is none. */
  readonly started: CopiedSettings | undefined
} & OwnCertificate

export type OwnCertificate = {
  readonly certificatePem: string
  /** An object: what a thread is given may be printed, and a key must not be. */
  readonly key: KeyObject
}

/** `open` comes first, and once. */
export type ToListener =
  | 'close'
  | { readonly open: ListenerOptions }
  | { readonly replaced: OwnCertificate }
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly failure: string }

export type FromListener =
  | { readonly listening: string; readonly certificateLogin: string | undefined }
  | { readonly failed: string; readonly isTaken: boolean; readonly port: number }
  | { readonly ask: number; readonly name: string; readonly given: readonly unknown[] }
  | { readonly trouble: string }
