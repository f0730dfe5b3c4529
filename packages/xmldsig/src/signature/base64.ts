// Base64 as RFC 4648 section 4 writes it, XML white space allowed between characters, and nothing
// else.
import { Fault, quote } from '@seg/core'

/** Reads the octets of `text`; `what` names the element for the Fault `signature-malformed`. */
export function readBase64(text: string, what: string): Buffer {
  const compact = withoutSpace(text)
  const octets = Buffer.from(compact, 'base64')
  // Writing it again shows a foreign alphabet, missing or surplus padding, and bits after the last
  // octet.
  if (octets.toString('base64') !== compact)
    throw new Fault('signature-malformed', `${what} is not strict base64: ${quote(text)}`)
  return octets
}

/** Text without the white space that XML allows between characters of base64. */
export function withoutSpace(text: string): string {
  return /[ \t\r\n]/.test(text) ? text.replace(/[ \t\r\n]+/g, '') : text
}
