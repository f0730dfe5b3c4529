// The address of a private key in a token of PKCS #11 (RFC 7512), as it stands in a key file. What
// is not understood is refused: a key must be found by all that its address says, or not at all.
import { isAbsolute } from 'node:path'
import { Fault, quote, shellWord } from '@seg/core'

export type TokenAddress = {
  /** As it was written. */
  readonly uri: string
  /** Path of the module, the vendor's library. */
  readonly module: string
  /** Path of the file that holds the PIN. */
  readonly pinFile: string
  /** What the token must be, by the names of RFC 7512. */
  readonly token: Readonly<Partial<Record<TokenAttribute, string>>>
  readonly object?: string
  /** In hexadecimal. */
  readonly id?: string
}

const tokenAttributes = ['token', 'serial', 'manufacturer', 'model'] as const
export type TokenAttribute = (typeof tokenAttributes)[number]

const SCHEME = /^pkcs11:/i
/** RFC 7512 2.3: what stands for itself in a value of the path, and of the query. */
const PATH_VALUE = /^(?:[\w.~:[\]@!$'()*+,=&-]|%[0-9A-Fa-f]{2})*$/
const QUERY_VALUE = /^(?:[\w.~:[\]@!$'()*+,=/?|-]|%[0-9A-Fa-f]{2})*$/

/** Whether a key file holds an address instead of a key. */
export function isTokenUri(text: string): boolean {
  return SCHEME.test(text.trimStart())
}

/** `path` is the key file, for messages. Throws the Fault `configuration`, without the PIN. */
export function parseTokenUri(path: string, text: string): TokenAddress {
  const uri = text.trim()
  const refuse = (detail: string) =>
    new Fault('configuration', `${path}: the address of a key in a token (RFC 7512): ${detail}`, {
      command: `cat ${shellWord(path)}`,
    })
  const [head = '', query = '', ...more] = uri.replace(SCHEME, '').split('?')
  const parts = readAttributes(head, ';', PATH_VALUE, refuse)
  const options = readAttributes([query, ...more].join('?'), '&', QUERY_VALUE, refuse)
  if (options.delete('pin-value'))
    throw refuse(
      'pin-value puts the PIN into a file that is shown and copied: ' +
        'expected pin-source=file:/PATH, a file of mode 0600 that holds it; change the PIN if others can have read it',
    )
  const module = takeText(options, 'module-path', refuse)
  if (module === undefined || !isAbsolute(module))
    throw refuse(
      `expected module-path=/PATH, the module that comes with the token, found ${quote(module ?? 'no such attribute')}`,
    )
  const pinFile = /^(?:file:(?:\/\/(?=\/))?)?(\/(?!\/).*)$/.exec(takeText(options, 'pin-source', refuse) ?? '')?.[1]
  if (pinFile === undefined)
    throw refuse('expected pin-source=file:/PATH, a file of mode 0600 that holds the PIN of the token')
  const type = takeText(parts, 'type', refuse) ?? 'private'
  if (type !== 'private') throw refuse(`expected type=private or no type, found ${quote(type)}`)
  const token = Object.fromEntries(
    tokenAttributes.flatMap(name => {
      const value = takeText(parts, name, refuse)
      return value === undefined ? [] : [[name, value]]
    }),
  )
  if (token.token === undefined && token.serial === undefined)
    throw refuse('expected token=LABEL or serial=NUMBER, which name the token')
  const object = takeText(parts, 'object', refuse)
  const id = parts.get('id')?.toString('hex')
  parts.delete('id')
  if (object === undefined && !id) throw refuse('expected object=LABEL or id=%01…, which name the key in the token')
  const [unknown] = [...parts.keys(), ...options.keys()]
  if (unknown !== undefined)
    throw refuse(
      `expected token, serial, manufacturer, model, object, id, type, module-path and pin-source, ` +
        `found ${quote(unknown)}, which is not understood here`,
    )
  return { uri, module, pinFile, token, ...(object !== undefined && { object }), ...(id && { id }) }
}

type Refuse = (detail: string) => Fault

function readAttributes(text: string, separator: string, form: RegExp, refuse: Refuse): Map<string, Buffer> {
  const attributes = new Map<string, Buffer>()
  for (const part of text === '' ? [] : text.split(separator)) {
    const [, name = '', value = ''] = /^([a-z-]+)=(.*)$/s.exec(part) ?? []
    // Never the rest: it may be a PIN, of an attribute that is written otherwise.
    if (name === '' || !form.test(value))
      throw refuse(
        `expected NAME=VALUE, percent-encoded, found ${name === '' ? 'an attribute of another form' : quote(name)}`,
      )
    if (attributes.has(name)) throw refuse(`expected ${name} once, found it twice`)
    attributes.set(name, decode(value))
  }
  return attributes
}

function decode(value: string): Buffer {
  return Buffer.from(
    value.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
    'latin1',
  )
}

/** UTF-8 (RFC 7512 2.3); the attribute is not there any more. */
function takeText(attributes: Map<string, Buffer>, name: string, refuse: Refuse): string | undefined {
  const octets = attributes.get(name)
  if (octets === undefined) return undefined
  attributes.delete(name)
  const text = octets.toString('utf8')
  if (text === '' || /\p{Cc}|\uFFFD/u.test(text)) throw refuse(`expected ${name} to be text in UTF-8`)
  return text
}
