// What a connection process and the process with the ledger say to one another, by name.
import type { OfferedDocument } from '@seg/ledger'
import type { PartnerLimits } from '@seg/pki'
import type { SecondOpinionMode } from '../acceptance/second-opinion.ts'
import type { ReceiverLimits } from '../limits.ts'

/** Where a connection process finds its end of the channel. */
export const CHANNEL = 4

/** With the question `start`, as octets; answered with `Listening`. */
export type StartedWith = {
  readonly number: number
  /** Of all of them. */
  readonly count: number
  readonly data: string
  readonly node: string
  readonly host: string
  readonly port: number
  readonly clockSkew: number
  readonly limits: ReceiverLimits
  readonly secondOpinion: SecondOpinionMode
  readonly balancers: readonly string[]
  readonly isTraced: boolean
  readonly staple: Stapled | undefined
  /** Of `packCredentials`. */
  readonly credentials: Uint8Array
}

export type Listening = { readonly url: string }

/** What goes out with a certificate (DER) until it is replaced. */
export type Stapled = { readonly certificate: Uint8Array; readonly octets: Uint8Array }

/**
 * `accept`: a document, as the octets that come with it or as a file in staging. `snapshot`: the
 * number of the credentials that it was judged by.
 */
export type AcceptQuestion = {
  readonly document: Omit<OfferedDocument, 'chain'>
  readonly fingerprints: string
  /** In base64; undefined: the other process has them. */
  readonly certificates: readonly string[] | undefined
  readonly staged: { readonly file: string; readonly bytes: number } | undefined
  readonly snapshot: number
}

/**
 * With the receipt. `replaced`: other credentials are in use, and on their way; `unknown-chain`:
 * the certificates are missing.
 */
export type AcceptAnswer = { readonly index: number; readonly replay: boolean } | 'replaced' | 'unknown-chain'

/** `document` and `probe` are answered with what was taken beside the one document. */
export type Granted = {
  /** Of those announced, or more. */
  readonly bytes: number
  /** Whether the process may keep, for a while, what the partner gives back. */
  readonly mayKeep: boolean
}
export type BeginQuestion = { readonly partner: string; readonly own: SentLimits; readonly announced: number }

/** JSON has no infinity. */
export type SentLimits = Pick<PartnerLimits, 'concurrency'> & { readonly rate?: number | 'none' | undefined }

export function sendLimits({ concurrency, rate }: PartnerLimits): SentLimits {
  return { concurrency, rate: rate === Number.POSITIVE_INFINITY ? 'none' : rate }
}

export function readLimits({ concurrency, rate }: SentLimits): PartnerLimits {
  return { concurrency, rate: rate === 'none' ? Number.POSITIVE_INFINITY : rate }
}

/** `alive`, each second. */
export type Alive = {
  /** Open connections of each partner. */
  readonly connections: readonly (readonly [partner: string, count: number])[]
  /** That succeeded, since its start. */
  readonly handshakes: number
  /** Seconds of the processor, and bytes of memory. */
  readonly cpu: number
  readonly memory: number
  /** Share of the last second, 0 to 1, in which it was at work. */
  readonly load: number
}

/** How names of files in staging end that a process made. */
export function markOf(number: number): string {
  return number.toString(16).padStart(2, '0')
}
