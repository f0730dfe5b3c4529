// Names of files that follow from ids with any characters: two ids never share one, and none leads
// out of its folder or means anything to a file system.
import { createHash } from 'node:crypto'

/** Of one name on the common file systems, which before it is finished has more to it. */
const LONGEST_NAME = 255 - '.tmp-'.length - '.receipt.xml'.length
const DIGEST_CHARACTERS = 32
/** Cannot stand in an escaped id: what follows is a digest. */
const SHORTENED = '~'
/** Windows means devices by these, with any ending. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i

/**
 * Letters, digits, `-`, `_`, and dots and spaces inside stand for themselves, other octets of UTF-8
 * as `%` and two digits.
 */
export function fileNameOf(id: string): string {
  const escaped = [...Buffer.from(id)]
    .map(escapeOctet)
    .join('')
    .replace(/^[. ]|[. ]$|\.(?=receipt$)/gi, escapeCharacter)
  const name = DEVICE.test(escaped) ? escapeCharacter(escaped[0]!) + escaped.slice(1) : escaped
  if (name.length <= LONGEST_NAME) return name
  const digest = createHash('sha256').update(id).digest('hex').slice(0, DIGEST_CHARACTERS)
  return `${name.slice(0, LONGEST_NAME - SHORTENED.length - DIGEST_CHARACTERS)}${SHORTENED}${digest}`
}

function escapeOctet(octet: number): string {
  const character = String.fromCharCode(octet)
  return /[A-Za-z0-9._ -]/.test(character) ? character : escapeCharacter(character)
}

function escapeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}
