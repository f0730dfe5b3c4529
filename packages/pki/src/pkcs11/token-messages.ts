// Messages between a process and the process of its token: a question, then its answer.
import type { TokenMethod } from './mechanisms.ts'
import type { TokenAddress } from './token-uri.ts'

export type TokenQuestion =
  /** The first question, and the only one of its kind. */
  | { readonly kind: 'open'; readonly address: TokenAddress; readonly pin: string }
  | { readonly kind: 'sign'; readonly octets: Uint8Array; readonly method: TokenMethod }
  | { readonly kind: 'public-key' }

/** What is read of a public key, as the token has it. */
export type TokenPublicKey =
  | { readonly kind: 'rsa'; readonly modulus: Uint8Array; readonly exponent: Uint8Array }
  /** CKA_EC_PARAMS and CKA_EC_POINT, DER. */
  | { readonly kind: 'ec' | 'ed25519'; readonly parameters: Uint8Array; readonly point: Uint8Array }

/**
 * `pin`: the token refused the PIN. `lost`: the module, the token or the session is not there, and
 * may come back. `slow`: no answer in time. `setup`: an operator must change something; `addon`:
 * compile the interface.
 */
export type TokenFailure = 'pin' | 'lost' | 'slow' | 'setup' | 'addon'

export type TokenAnswer =
  | { readonly kind: 'opened' }
  | { readonly kind: 'signed'; readonly value: Uint8Array }
  | { readonly kind: 'public-key'; readonly key: TokenPublicKey }
  | { readonly kind: 'failed'; readonly failure: TokenFailure; readonly detail: string }
