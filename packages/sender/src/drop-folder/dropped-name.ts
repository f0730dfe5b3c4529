// The name of a dropped file, for people and for the folders that it is moved into: any octets in,
// a name that is text and not too long out.
import { createHash } from 'node:crypto'
import { extname } from 'node:path'

/**
 * Octets of a name on the common file systems, less what is added: a number, the suffix of the
 * companion, and what that has while it is unfinished.
 */
const LONGEST_NAME = 255 - '-999999'.length - '.receipt.xml'.length - '.tmp--0123456789ab'.length
const DIGEST_CHARACTERS = 16
const LONGEST_ENDING = 16

/**
 * UTF-8 is text as it stands; of a name in another encoding, each octet that is not ASCII becomes
 * `%` and two digits.
 */
export function textOfName(name: Buffer): string {
  const text = name.toString('utf8')
  if (Buffer.from(text).equals(name)) return text
  return name.toString('latin1').replace(/[^ -~]/g, escapeOctet)
}

/** `name`, or the beginning of it with a digest of all of it and its ending. */
export function shortenName(name: string): string {
  if (Buffer.byteLength(name) <= LONGEST_NAME) return name
  const digest = createHash('sha256').update(name).digest('hex').slice(0, DIGEST_CHARACTERS)
  const ending = extname(name)
  const end = `~${digest}${Buffer.byteLength(ending) <= LONGEST_ENDING ? ending : ''}`
  const octets = Buffer.from(name).subarray(0, LONGEST_NAME - Buffer.byteLength(end))
  // A character that was cut in two is left out.
  return `${new TextDecoder('utf-8', { ignoreBOM: true }).decode(octets, { stream: true })}${end}`
}

function escapeOctet(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}
