// The interface between the tokenizer and what takes the tokens.
import type { Plan, TagForm, WrittenTag } from './fast/tag-form.ts'
import type { NamespaceScope } from './namespaces.ts'
import type { StartTag } from './start-tag.ts'

/**
 * What a document is made of. Indices are into `source`, whose bytes are good until `pause`
 * returns.
 */
export interface TokenHandler {
  /** `tag` is one object, filled for each call. */
  startTag(tag: StartTag): void
  /**
   * `</name>` at [from, to) of the element at `depth`, without white space when `isCanonical`; for
   * an empty-element tag from === to.
   */
  endTag(source: Buffer, from: number, to: number, isCanonical: boolean, depth: number): void
  /** Character data that is canonical as it stands. */
  text(source: Buffer, from: number, to: number): void
  /** Character data whose canonical form is other `octets` than those at [from, to). */
  replacedText(octets: Buffer, source: Buffer, from: number, to: number): void
  /**
   * Elements at this depth or deeper, and what stands directly in their parents, need not be
   * reported, but for elements of XML Signature. Without a `sink` what is not reported comes as
   * `text`, or not at all. Read again after each call. Without it all is reported.
   */
  readonly unreportedDepth?: number
  /** Takes the canonical octets of what is not reported, for a handler that needs them. */
  readonly sink?: ContentSink
  /**
   * A comment or processing instruction [from, to). A handler without this method gets none: they
   * are refused, since a signature does not cover comments and no application may act on
   * instructions.
   */
  leftOut?(source: Buffer, from: number, to: number): void
  /**
   * The input under way ends at `to`; the bytes after it are at the start of the next input.
   */
  pause(source: Buffer, to: number): void
}

/** Takes content as octets. */
export interface ContentSink {
  /** Sinks of one kind write the same for the same. */
  readonly kind: string
  /** Of each binding: 0 when its declaration was not written for an element that is open. */
  readonly writtenAt: readonly number[]
  text(source: Buffer, from: number, to: number): void
  replacedText(octets: Buffer): void
  /**
   * Writes character data that is not canonical as it stands (see `rewriteText`); returns the index
   * behind it.
   */
  rewriteText(first: number, from: number, end: number, isCdata: boolean): number
  /** How the tag of this form, whose prefixes are looked up, is to be written at `depth`. */
  plan(form: TagForm, scope: NamespaceScope, depth: number, declaredFrom: number): WrittenTag
  /** What the tag at `depth` was planned to declare counts as written. */
  mark(plan: Plan, scope: NamespaceScope, depth: number): void
  /**
   * Writes the tag of this form at [from, to), behind the canonical octets from `runFrom` on.
   * Returns from where on octets are still to be written.
   */
  write(form: TagForm, runFrom: number, from: number, to: number): number
  /**
   * The same without a plan, at `depth`: what the tag declares counts as written from here on.
   * NOT_TAKEN when it declares too much.
   */
  writeAlone(
    form: TagForm,
    scope: NamespaceScope,
    depth: number,
    declaredFrom: number,
    runFrom: number,
    from: number,
    to: number,
  ): number
  /** Whether declarations count as written for the element at this depth, the innermost. */
  hasWritten(depth: number): boolean
  /** The element at this depth ends. */
  leave(depth: number): void
}

/** The `unreportedDepth` of a handler that needs every element. */
export const REPORT_ALL = 0x3fffffff
