// A Signature taken out of a document on its way: as it is written, and as it is read.

import type { SubtreeContext } from '../c14n/subtree.ts'
import type { SignedInfo } from './signed-info.ts'

export type CapturedSignature = {
  /** The Signature element as written. */
  readonly octets: Buffer
  /** What it inherits from the document element. */
  readonly context: SubtreeContext
  /** The form in which it was recognized. */
  readonly form?: KnownForm | undefined
}

export type SignatureElement = {
  readonly signedInfo: SignedInfo
  /** The canonical octets of SignedInfo, which the signature value covers. */
  readonly signedOctets: Buffer
  readonly value: Buffer
  /** The certificates in KeyInfo, base64 without white space; they choose nothing. */
  readonly certificates: readonly string[]
}

/** What is known of a signer's Signatures: one of this form is recognized by its octets. */
export interface KnownForm {
  /**
   * The index behind the Signature of this form that stands at `from`; -1 when there is none, or
   * the input ends before its end.
   */
  match(source: Buffer, from: number, end: number, context: SubtreeContext): number
  /** Throws the Fault `signature-malformed` for base64 that is not strict. */
  read(octets: Buffer): SignatureElement
}
