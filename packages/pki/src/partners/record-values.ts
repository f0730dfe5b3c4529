// The forms of single values in records of authorities and partners (docs/partners.md).
import { fileURLToPath } from 'node:url'
import { mapOf, quote, type ReadNode, text, withSchema } from '@seg/core'
import { isGatewayId } from '../certificate/gateway-id.ts'

/**
 * Attributes of a subject that have a name here (RFC 4519, EN 319 412-1); others go by their object
 * identifiers.
 */
const attributes: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  serialNumber: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  title: '2.5.4.12',
  organizationIdentifier: '2.5.4.97',
  DC: '0.9.2342.19200300.100.1.25',
  UID: '0.9.2342.19200300.100.1.1',
  emailAddress: '1.2.840.113549.1.9.1',
}

const HOUR = 3_600_000
const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: HOUR, d: 24 * HOUR }
const sizes: Readonly<Record<string, number>> = {
  '': 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
}

export const label = text('text of one line', value =>
  /^[^\p{Cc}\u2028\u2029]{1,256}$/u.test(value) ? value : undefined,
)
export const gatewayName = text('an id: 1 to 128 printable characters, no space at either end', value =>
  isGatewayId(value) ? value : undefined,
)
export const authorityName = text('the name of an authority: letters, digits, dots, dashes', value =>
  /^[\w.-]{1,64}$/.test(value) ? value : undefined,
)
export const path = text('a file', value => value)
/** A file, as a path or a `file:` URL, or an address on the web. */
export const listPlace = text('a file, or an http or https address without a user', value => {
  if (!/^[A-Za-z][A-Za-z0-9+.-]+:\/\//.test(value)) return value
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url?.protocol === 'file:') return url.host === '' ? fileURLToPath(url) : undefined
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:'
  return isWeb && url.username === '' && url.password === '' && url.hash === '' ? url.href : undefined
})
/** The address of an OCSP responder; `off`: there is none to ask. */
export const responder = text('off, or an http or https address without a user', (value): string | null | undefined => {
  if (value === 'off') return null
  const url = URL.canParse(value) ? new URL(value) : undefined
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:'
  return isWeb && url.username === '' && url.password === '' && url.hash === '' ? url.href : undefined
})
/** Of a minute or more: the list comes from another party's server. */
export const interval = text('a time of a minute or more, such as 10m, 1h, 1d', value => {
  const time = parseDuration(value)
  return time !== undefined && time >= 60_000 ? time : undefined
})
/** RFC 3339; a day alone is its first moment. */
export const startTime = text('a date (2027-03-01) or a time (2027-03-01T12:00:00Z)', value =>
  parseTime(value, 'T00:00:00Z'),
)
/** A day alone is meant with its last moment. */
export const endTime = text('a date (2027-03-01) or a time (2027-03-01T12:00:00Z)', value =>
  parseTime(value, 'T23:59:59.999Z'),
)
export const duration = text('a time such as 30s, 10m, 24h, 7d', value => parseDuration(value))
export const size = text('a size such as 1048576, 50MB, 2GiB', value => {
  const [, count, unit] = /^([1-9]\d{0,14}) ?(|[kMG]B|[KMG]iB)$/.exec(value) ?? []
  const bytes = Number(count) * sizes[unit ?? '']!
  return Number.isSafeInteger(bytes) ? bytes : undefined
})
export const seconds = text('a number of seconds, such as 300', value =>
  /^\d{1,6}$/.test(value) ? Number(value) : undefined,
)
export const rate = text('off, or a number of documents a second, such as 20', value =>
  value === 'off' ? Number.POSITIVE_INFINITY : /^[1-9]\d{0,5}$/.test(value) ? Number(value) : undefined,
)
export const count = text('a number from 1 to 999', value => (/^[1-9]\d{0,2}$/.test(value) ? Number(value) : undefined))
export const yesOrNo = text('true or false', value => (value === 'true' ? true : value === 'false' ? false : undefined))
export const oneOf = <T extends string>(...values: readonly T[]) =>
  text(values.join(' or '), value => values.find(known => known === value), { enum: values })

export const sha256 = text(
  'the SHA-256 of a certificate, 32 octets in hexadecimal, as `openssl x509 -noout -fingerprint -sha256` prints it',
  value => {
    const hex = value.replaceAll(':', '').toUpperCase()
    return /^[0-9A-F]{64}$/.test(hex) ? hex.replace(/..(?!$)/g, '$&:') : undefined
  },
)
export const spki = text('the SHA-256 of a public key, `sha256/` and its base64', value => {
  const octets = Buffer.from(value.replace(/^sha256\//, ''), 'base64')
  return octets.length === 32 && value === `sha256/${octets.toString('base64')}` ? octets.toString('base64') : undefined
})
export const uri = text('a URI', value => (/^[a-zA-Z][\w+.-]*:[\x21-\x7e]+$/.test(value) ? value : undefined))

const exactValues = mapOf(text('the exact value of an attribute', value => value))

export const subject: ReadNode<ReadonlyMap<string, string>> = withSchema(
  exactValues.schema!,
  (node, name, problems) => {
    const values = exactValues(node, name, problems)
    if (values === undefined) return undefined
    const byOid = new Map<string, string>()
    for (const [key, value] of values) {
      const oid = Object.hasOwn(attributes, key)
        ? attributes[key]!
        : /^[0-2](\.\d{1,9}){1,20}$/.test(key)
          ? key
          : undefined
      if (oid === undefined)
        problems.report(
          node,
          `${quote(name)}: unknown attribute ${quote(key)}; ` +
            `known: ${Object.keys(attributes).join(', ')}, or an object identifier`,
        )
      else if (byOid.has(oid)) problems.report(node, `${quote(name)}: ${quote(key)} stands there twice`)
      else byOid.set(oid, value)
    }
    return byOid.size === values.size ? byOid : undefined
  },
)

function parseTime(value: string, rest: string): number | undefined {
  const form = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,3})?Z)?$/
  if (!form.test(value)) return undefined
  const found = Date.parse(value.length === 10 ? `${value}${rest}` : value)
  // The calendar: 2027-02-30 is no day.
  return Number.isNaN(found) || !new Date(found).toISOString().startsWith(value.slice(0, 10)) ? undefined : found
}

function parseDuration(value: string): number | undefined {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(value) ?? []
  return count === undefined ? undefined : Number(count) * units[unit!]!
}
