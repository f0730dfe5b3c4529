// The open elements: their names, one behind the other in one buffer, and what must be undone when
// each ends.
import { GREATER_THAN } from './characters.ts'
import { INCOMPLETE, refuse } from './refusal.ts'
import { copyShort, skipSpace } from './skip.ts'

const FIRST_CAPACITY = 512
/** Limits on depth are lower. */
export const MOST_DEPTH = 4096

/**
 * What closing an element takes: nothing, undoing its declarations, or a call of the handler.
 */
export const NOTHING_TO_UNDO = 0
export const UNDO = 1
export const REPORTED = 2

// Of the elements that were opened in the input under way, by depth. Only one input is read at a
// time in the whole process.
export const nameFrom: Int32Array = new Int32Array(MOST_DEPTH)
export const nameLength: Int32Array = new Int32Array(MOST_DEPTH)
export const bindingsBefore: Int32Array = new Int32Array(MOST_DEPTH)
export const effects: Int32Array = new Int32Array(MOST_DEPTH)
/** What was in scope and written before it; see KnownTags. */
export const epochBefore: number[] = Array.from({ length: MOST_DEPTH }, () => 0)

export class ElementStack {
  /** Open elements; the document element is 1. */
  depth = 0
  /** How many of them were opened before the input under way. */
  kept = 0
  /** Their names, one behind the other. */
  #names: Buffer = Buffer.allocUnsafe(FIRST_CAPACITY)
  readonly #keptTo: number[] = [0]
  readonly #bindingsBefore: number[] = [0]
  readonly #effects: number[] = [NOTHING_TO_UNDO]
  readonly #epochBefore: number[] = [0]

  /** Opens the element named at [from, to); `bindings` is how many there were before its own. */
  pushName(from: number, to: number, bindings: number, effect: number): void {
    const depth = ++this.depth
    nameFrom[depth] = from
    nameLength[depth] = to - from
    bindingsBefore[depth] = bindings
    effects[depth] = effect
  }

  /** Closes the innermost element; returns how many bindings there were before it. */
  pop(): number {
    const depth = this.depth--
    if (this.kept < depth) return bindingsBefore[depth]!
    this.kept--
    return this.#bindingsBefore[depth]!
  }

  /** The input under way ends: the names that stand in it are copied. */
  keepNames(source: Buffer): void {
    while (this.kept < this.depth) {
      const depth = ++this.kept
      const from = nameFrom[depth]!
      const length = nameLength[depth]!
      const at = this.#keptTo[depth - 1]!
      this.#reserve(at, length)
      copyShort(source, from, from + length, this.#names, at)
      this.#keptTo[depth] = at + length
      this.#bindingsBefore[depth] = bindingsBefore[depth]!
      this.#effects[depth] = effects[depth]!
      this.#epochBefore[depth] = epochBefore[depth]!
    }
  }

  #reserve(used: number, bytes: number): void {
    if (this.#names.length - used >= bytes) return
    const larger = Buffer.allocUnsafe(this.#names.length * 2 + bytes)
    this.#names.copy(larger, 0, 0, used)
    this.#names = larger
  }

  /** What closing the innermost element takes. */
  get effect(): number {
    const { depth } = this
    return this.kept < depth ? effects[depth]! : this.#effects[depth]!
  }

  /** The epoch before the innermost element. */
  get epochBefore(): number {
    const { depth } = this
    return this.kept < depth ? epochBefore[depth]! : this.#epochBefore[depth]!
  }

  /**
   * The index behind the innermost element's name when that stands at `from`; INCOMPLETE when the
   * input ends before the name does; NOT_THERE.
   */
  findName(source: Buffer, from: number, end: number): number {
    const { depth } = this
    const isKept = this.kept === depth
    const name = isKept ? this.#keptTo[depth - 1]! : nameFrom[depth]!
    const length = isKept ? this.#keptTo[depth]! - name : nameLength[depth]!
    const compared = Math.min(length, end - from)
    if (!isSame(source, from, isKept ? this.#names : source, name, compared)) return NOT_THERE
    return compared < length ? INCOMPLETE : from + length
  }

  /**
   * The same; refuses another name than the innermost element's, `tag` being the place of the end
   * tag.
   */
  matchName(source: Buffer, from: number, end: number, tag: number): number {
    const nameTo = this.findName(source, from, end)
    return nameTo === NOT_THERE ? refuse('xml-malformed', tag, 'an end tag does not fit the start tag') : nameTo
  }
}

export const NOT_THERE = -2

function isSame(source: Buffer, from: number, names: Buffer, nameFrom: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (source[from + i] !== names[nameFrom + i]) return false
  return true
}

/** The index of the `>` of an end tag whose name ends at `from`, or INCOMPLETE. */
export function findEndTagClose(source: Buffer, from: number, end: number, tag: number): number {
  const close = skipSpace(source, from, end)
  if (close === end) return INCOMPLETE
  if (source[close] !== GREATER_THAN) refuse('xml-malformed', tag, 'an end tag does not fit the start tag')
  return close
}
