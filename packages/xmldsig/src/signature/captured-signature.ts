// A Signature set aside during the pass over its document: as written, and as read.

import type { SubtreeContext } from '../c14n/subtree.ts'
import type { SignedInfo } from './signed-info.ts'

export type CapturedSignature = {
  /** The Signature element as written. */
  readonly octets: Buffer
  /** What it inherits from the document element. */
  readonly context: SubtreeContext
}

export type SignatureElement = {
  readonly signedInfo: SignedInfo
  /** The canonical octets of SignedInfo, which the signature value covers. */
  readonly signedOctets: Buffer
  readonly value: Buffer
  /** The certificates in KeyInfo, base64 without white space; they choose nothing. */
  readonly certificates: readonly string[]
}

/** Finds the end of a Signature without reading it. */
export interface SignatureRecognizer {
  /**
   * The index behind the Signature that begins at `from` of `source`, whose input ends at `end`; -1
   * for one that must be read.
   */
  recognize(source: Buffer, from: number, end: number, context: SubtreeContext): number
}
