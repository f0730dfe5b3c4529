// What reads a document's tokens.
import type { StartTag } from './start-tag.ts'

/**
 * What a document is made of. Indices are into `source`, whose bytes are good until `pause`
 * returns.
 */
export interface TokenHandler {
  /** `tag` is filled anew for each. */
  startTag(tag: StartTag): void
  /**
   * `</name>` at [from, to) of the element at `depth`, without white space when `isTidy`; for an
   * empty-element tag from === to.
   */
  endTag(source: Buffer, from: number, to: number, isTidy: boolean, depth: number): void
  /** Character data that is canonical as it stands. */
  text(source: Buffer, from: number, to: number): void
  /** Character data whose canonical form is other `octets` than those at [from, to). */
  replacedText(octets: Buffer, source: Buffer, from: number, to: number): void
  /**
   * Elements at this depth or deeper need not be told when their tags are canonical as they stand,
   * and `isSettled` says yes to the binding of each namespace of theirs: their tags come as `text`.
   * Asked anew after each call. A handler without it is told of all.
   */
  readonly skimDepth?: number
  isSettled?(binding: number): boolean
  /**
   * A comment or processing instruction [from, to). A handler without this method gets none: they
   * are refused, since a signature does not cover comments and no application may act on
   * instructions.
   */
  leftOut?(source: Buffer, from: number, to: number): void
  /**
   * The input under way ends at `to`; the bytes from there on come again at the start of the next.
   */
  pause(source: Buffer, to: number): void
}

/** The `skimDepth` of a handler that is to be told of every element. */
export const SKIM_NOTHING = 0x3fffffff
