// The secret shared with a webhook: the octets of its file, or what `whsec_` and base64 stand for
// (Standard Webhooks, symmetric signatures).
import { Fault } from '@seg/core'

const SHORTEST = 32
/** Octets that Standard Webhooks allows. */
const SERIALIZED = { shortest: 24, longest: 64 }

/**
 * How a serialized key begins, even behind what an editor may have put there: such a file is never
 * taken for raw octets.
 */
const SERIALIZED_START = /^(?:\xef\xbb\xbf)?\s*wh(?:sec|sk|pk)_/
const SYMMETRIC = /^whsec_([A-Za-z0-9+/]+={0,2})\r?\n?$/

/** Reads the octets of `file`; no error repeats any of them. Throws the Fault `configuration`. */
export function parseWebhookSecret(octets: Buffer, file: string): Buffer {
  const text = octets.toString('latin1')
  if (SERIALIZED_START.test(text)) return decode(text, file)
  if (octets.length >= SHORTEST) return octets
  throw new Fault(
    'configuration',
    `expected a secret of ${SHORTEST} bytes or more in ${file}, or whsec_ and base64, found ${octets.length} bytes`,
  )
}

function decode(text: string, file: string): Buffer {
  const [, base64 = ''] = SYMMETRIC.exec(text) ?? []
  const secret = Buffer.from(base64, 'base64')
  if (base64 === '' || secret.toString('base64') !== base64)
    throw new Fault(
      'configuration',
      `expected whsec_ and base64 (RFC 4648 4, with its padding) in ${file}, and no more than a line end behind it`,
    )
  const { shortest, longest } = SERIALIZED
  if (secret.length < shortest || secret.length > longest)
    throw new Fault(
      'configuration',
      `expected ${shortest} to ${longest} bytes behind whsec_ in ${file}, found ${secret.length}; ` +
        '`echo "whsec_$(openssl rand -base64 32)"` makes a secret',
    )
  return secret
}
