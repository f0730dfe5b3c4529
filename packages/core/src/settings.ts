// Every setting of the product: one row gives its flag, its key in seg.yaml and its parser.
// Precedence: flag > environment > seg.yaml > default.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { readYamlValues } from './configuration/yaml-file.ts'
import { Fault } from './fault.ts'
import { readInput } from './input.ts'
import { parseNumber } from './number.ts'
import { quote } from './shown-text.ts'

/**
 * The folder that holds certs/, data/ and seg.yaml unless a setting says otherwise: the root of the
 * checkout.
 */
export const rootFolder = resolve(import.meta.dirname, '../../..')

/**
 * Where the user typed the command; pnpm runs scripts in the package's folder and leaves the user's
 * in INIT_CWD.
 */
export function resolveUserPath(path: string): string {
  return resolve(process.env.INIT_CWD ?? process.cwd(), path)
}

type SettingRow = {
  readonly flag: string
  readonly help: string
  /** Dotted key in seg.yaml; the environment variable is SEG_ and the flag's name in capitals. */
  readonly key: string
  /** Narrows the text of any source to the value, or throws a Fault `usage`. */
  readonly parse: (text: string) => unknown
}

/** Seconds that fit into a timer: it counts milliseconds with 31 bits. */
const LONGEST_TIME = 2_147_483

const parseByteCount = parseNumber({ what: 'a size in bytes', least: 1, most: 999_999_999_999_999 })
const parseRateNumber = parseNumber({ what: 'a rate, where it is not off,', least: 1, most: 999_999 })

export const settings = {
  certs: { flag: '--certs <dir>', key: 'certs', help: 'folder of keys and certificates', parse: resolveUserPath },
  data: { flag: '--data <dir>', key: 'data', help: 'folder of documents and state', parse: resolveUserPath },
  host: { flag: '--host <address>', key: 'host', help: 'address to listen on', parse: parseHost },
  port: {
    flag: '--port <number>',
    key: 'port',
    help: 'port of the exchange listener (0: any free one)',
    parse: parseNumber({ what: 'a port', least: 0, most: 65535 }),
  },
  to: { flag: '--to <url>', key: 'to', help: "the receiver's address", parse: parseReceiverUrl },
  timeout: {
    flag: '--timeout <seconds>',
    key: 'timeout',
    help: 'how long to wait for the receipt',
    parse: parseNumber({ what: 'a time in seconds', least: 0, most: LONGEST_TIME, decimals: 3 }),
  },
  lifetime: {
    flag: '--lifetime <hours>',
    key: 'outbox.lifetime',
    help: 'how long a document is queued before it expires',
    parse: parseNumber({ what: 'a lifetime in hours', least: 0.000001, most: 99_999, decimals: 6 }),
  },
  concurrency: {
    flag: '--concurrency <number>',
    key: 'outbox.concurrency',
    help: 'documents on their way to one receiver at a time',
    parse: parseNumber({ what: 'a number of documents at a time', least: 1, most: 999 }),
  },
  clockSkew: {
    flag: '--clock-skew <seconds>',
    key: 'clock-skew',
    help: "how far TimestampForSignature may be from the receiver's clock",
    parse: parseNumber({ what: 'a time in seconds', least: 0, most: LONGEST_TIME, decimals: 3 }),
  },
  documentLimit: {
    flag: '--document-limit <bytes>',
    key: 'document-limit',
    help: 'the largest document that is accepted',
    parse: parseByteCount,
  },
  secondOpinion: {
    flag: '--second-opinion <when>',
    key: 'verification.secondOpinion',
    help: 'ask xml-crypto about documents that verify: off, report (disagreement is an alarm) or require (it is a refusal)',
    parse: parseSecondOpinion,
  },
  inbox: {
    flag: '--inbox <dir>',
    key: 'hand-off.inbox',
    help: 'folder where accepted documents are put for other systems, in the data folder unless it is absolute; off: nowhere',
    parse: String,
  },
  webhook: {
    flag: '--webhook <url>',
    key: 'hand-off.webhook.url',
    help: 'where accepted documents are posted to; off: nowhere',
    parse: parseWebhook,
  },
  webhookSecret: {
    flag: '--webhook-secret <file>',
    key: 'hand-off.webhook.secret',
    help: 'file of the secret that signs what is posted: 32 bytes or more, readable for its owner only',
    parse: parseOptionalPath,
  },
  webhookCa: {
    flag: '--webhook-ca <file>',
    key: 'hand-off.webhook.ca',
    help: "CAs of the webhook's certificate, in PEM, instead of the public ones",
    parse: parseOptionalPath,
  },
  rateLimit: {
    flag: '--rate-limit <number>',
    key: 'rate-limit',
    help: 'documents a second that one partner may send; off: as many as it likes',
    parse: parseRate,
  },
  diskReserve: {
    flag: '--disk-reserve <bytes>',
    key: 'storage.reserve',
    help: 'free space that documents may not use; auto: 1 GiB, at most a twentieth of the disk',
    parse: text => (text === 'auto' ? text : parseByteCount(text)),
  },
  storageQuota: {
    flag: '--storage-quota <bytes>',
    key: 'storage.quota',
    help: 'bytes that one partner may store in a day; off: three quarters of the free space',
    parse: text => (text === 'off' ? text : parseByteCount(text)),
  },
} as const satisfies Record<string, SettingRow>

export type SettingName = keyof typeof settings
export type SettingValue<N extends SettingName> = ReturnType<(typeof settings)[N]['parse']>

/** The environment variable of a setting: `--clock-skew` is SEG_CLOCK_SKEW. */
export function environmentName(name: SettingName): string {
  const flag = settings[name].flag.split(' ')[0] ?? ''
  return `SEG_${flag.slice(2).replaceAll('-', '_').toUpperCase()}`
}

/**
 * Reads seg.yaml into text per setting. `file` undefined: the one at the root, if there is one.
 * Throws Fault `configuration` for a file that is not YAML, a key that no row has, or a value that
 * is not a plain one.
 */
export function readConfiguration(file: string | undefined): Partial<Record<SettingName, string>> {
  const path = file ?? resolve(rootFolder, 'seg.yaml')
  if (file === undefined && !existsSync(path)) return {}
  const found: Partial<Record<SettingName, string>> = {}
  for (const [key, value] of flatten(readYaml(path), '')) {
    if (sections.includes(key)) continue
    const name = settingNames.find(candidate => settings[candidate].key === key)
    if (name === undefined)
      throw new Fault('configuration', `${path}: unknown key ${quote(key)}; known keys: ${knownKeys()}`)
    if (isEmpty(value))
      throw new Fault('configuration', `${path}: ${quote(key)} is empty; give a value or leave it out`)
    if (typeof value === 'object') throw new Fault('configuration', `${path}: ${quote(key)} must be a single value`)
    found[name] = String(value)
  }
  return found
}

/**
 * An empty value is no choice of anything: neither of every address, nor of the folder where
 * somebody stands, nor of the default.
 */
function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || String(value).trim() === ''
}

/** The value of a flag or an environment variable. Throws a Fault `usage`. */
export function parseSetting(name: SettingName, text: string): unknown {
  const source = `${settings[name].flag.split(' ')[0]} or ${environmentName(name)}`
  if (isEmpty(text)) throw new Fault('usage', `${source} is empty; give a value or leave it out`)
  return parseFrom(source, 'usage', name, text)
}

/**
 * Parses the text of a setting that stands in `source`. Throws a Fault with this code, which names
 * the source.
 */
export function parseFrom(source: string, code: 'usage' | 'configuration', name: SettingName, text: string): unknown {
  try {
    return settings[name].parse(text)
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause
    throw new Fault(code, `${source}: ${cause.detail}`, { cause })
  }
}

/** Keys of more than single values, which those who need them read (record-reader.ts). */
const sections = ['trust', 'partners', 'receivers']

const settingNames = Object.keys(settings) as SettingName[]

function knownKeys(): string {
  return [...settingNames.map(name => settings[name].key), ...sections].join(', ')
}

function readYaml(path: string): unknown {
  try {
    return readYamlValues(readInput(path).toString('utf8')) ?? {}
  } catch (cause) {
    // Behind its first line the parser quotes the file, which may hold a password.
    const [reason] = (cause as Error).message.split('\n')
    throw new Fault('configuration', `cannot read ${path} as YAML: ${reason}`)
  }
}

function* flatten(value: unknown, prefix: string): Generator<[string, unknown]> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Fault('configuration', `seg.yaml must hold keys and values${prefix && ` under ${quote(prefix)}`}`)
  }
  for (const [key, inner] of Object.entries(value)) {
    const path = prefix ? `${prefix}.${key}` : key
    if (typeof inner === 'object' && inner !== null && !Array.isArray(inner) && isPrefix(path))
      yield* flatten(inner, path)
    else yield [path, inner]
  }
}

/**
 * Whether keys stand under it: no other path is followed, which with an alias of YAML may have no
 * end.
 */
function isPrefix(path: string): boolean {
  return settingNames.some(name => settings[name].key.startsWith(`${path}.`))
}

function parseSecondOpinion(text: string): 'off' | 'report' | 'require' {
  if (text === 'off' || text === 'report' || text === 'require') return text
  throw new Fault('usage', `a second opinion is off, report or require, not ${quote(text)}`)
}

function parseHost(text: string): string {
  if (/[\s/@]/.test(text))
    throw new Fault('usage', `a host is a name or an address, such as localhost, not ${quote(text)}`)
  return text
}

function parseOptionalPath(text: string): string | undefined {
  return resolveUserPath(text)
}

function parseWebhook(text: string): URL | 'off' {
  return text === 'off' ? text : parseHttpsUrl(text)
}

function parseRate(text: string): number | 'off' {
  return text === 'off' ? text : parseRateNumber(text)
}

function parseHttpsUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'https:' && url.port !== '0') return url
  throw new Fault('usage', `expected an https URL, such as https://localhost:8443, found ${quote(showAddress(text))}`)
}

/** Scheme and host: user, path and query may be secrets, which error messages carry to logs. */
function showAddress(text: string): string {
  const [, scheme = '', host = '', rest] = /^([a-z][a-z0-9+.-]*:\/\/)?([^/\\?#]*)(.*)$/is.exec(text) ?? []
  return `${scheme}${host.replace(/^.*@/s, '…@')}${rest === '' ? '' : '/…'}`
}

/**
 * A receiver has one address, and knows its partners by their certificates: a path, a query or a
 * password would mean nothing to it, and end up in places where nobody guards them.
 */
function parseReceiverUrl(text: string): URL {
  const url = parseHttpsUrl(text)
  if (url.href === `${url.origin}/`) return url
  throw new Fault(
    'usage',
    `the receiver's address is scheme, host and port alone, such as ${url.origin}; leave out whatever else there is`,
  )
}
