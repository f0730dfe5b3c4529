// Numbers that a person writes: decimal digits, within bounds that the refusal names.
import { Fault } from './fault.ts'
import { quote } from './shown-text.ts'

export type NumberForm = {
  /** What it is, for the refusal: `a port`. */
  readonly what: string
  readonly least: number
  readonly most: number
  /** Digits behind the point. */
  readonly decimals?: number
}

/** A parser for numbers of this form; it throws the Fault `usage`. */
export function parseNumber({ what, least, most, decimals = 0 }: NumberForm): (text: string) => number {
  const form = new RegExp(`^\\d{1,15}${decimals > 0 ? `(?:\\.\\d{1,${decimals}})?` : ''}$`)
  return text => {
    const number = form.test(text) ? Number(text) : Number.NaN
    if (number >= least && number <= most) return number
    const kind = decimals > 0 ? 'number' : 'whole number'
    throw new Fault('usage', `${what} is a ${kind} from ${least} to ${most}, not ${quote(text)}`)
  }
}

/** `--limit` of every list. */
export const parseLimit = parseNumber({ what: '--limit', least: 1, most: 999_999_999 })
