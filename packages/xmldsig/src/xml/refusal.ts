// A refusal at a place in the current piece of input; the tokenizer turns it into a Fault with
// offset, line and column.
import type { FaultCode } from '@seg/core'

export class Refusal {
  readonly code: FaultCode
  /** Index in the piece of input under way. */
  readonly at: number
  readonly detail: string

  constructor(code: FaultCode, at: number, detail: string) {
    this.code = code
    this.at = at
    this.detail = detail
  }
}

export function refuse(code: FaultCode, at: number, detail: string): never {
  throw new Refusal(code, at, detail)
}

/** What a parsing function returns when the piece of input ends before the token does. */
export const INCOMPLETE = -1
