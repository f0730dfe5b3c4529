// How long a rule may be muted.
import { parseNumber } from '@seg/core'

/** Hours. */
export const LONGEST_MUTE = 30 * 24

export const parseHours = parseNumber({ what: 'a number of hours', least: 1, most: LONGEST_MUTE })
