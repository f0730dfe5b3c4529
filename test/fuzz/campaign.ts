// One question put to us and to independent programs over and over.
import type { Tape } from './tape.ts'

export type Campaign = {
  readonly name: string
  /** Of 100 documents, how many are its own. */
  readonly share: number
  /** Lengths of the tapes that `judge` takes. */
  readonly tapes: readonly number[]
  /** Makes documents and judges them; returns how many. Throws a Finding. */
  judge(...tapes: Tape[]): number
  /**
   * Judges what was put aside for programs that take many documents at a time, if it is enough or
   * all there is. Throws a Finding.
   */
  finish?(isLast: boolean): void
}
