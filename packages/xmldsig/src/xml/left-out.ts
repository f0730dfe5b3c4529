// Comments and processing instructions (XML 1.0 2.5 and 2.6), read only so that a signer can leave
// them out of what it signs.
import { readName } from './names.ts'
import { INCOMPLETE, refuse } from './refusal.ts'

const DOUBLE_HYPHEN = Buffer.from('--')
const INSTRUCTION_END = Buffer.from('?>')

/** `from` is behind `<!--`; returns the index behind `-->`, or INCOMPLETE. */
export function readComment(source: Buffer, from: number, end: number): number {
  const close = source.indexOf(DOUBLE_HYPHEN, from)
  if (close < 0 || close + 3 > end) return INCOMPLETE
  if (source[close + 2] !== 0x3e) refuse('xml-malformed', close, 'a comment has "--" in it')
  return close + 3
}

/** `from` is behind `<?`; returns the index behind `?>`, or INCOMPLETE. */
export function readInstruction(source: Buffer, from: number, end: number, maxNameBytes: number): number {
  if (readName(source, from, end, maxNameBytes, { colon: -1 }) === INCOMPLETE) return INCOMPLETE
  const close = source.indexOf(INSTRUCTION_END, from)
  return close < 0 || close + 2 > end ? INCOMPLETE : close + 2
}
