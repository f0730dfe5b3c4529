// Every setting of the product: one row gives its flag, its key in seg.yaml and its parser.
// Precedence: flag > environment > seg.yaml > default.
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse as parseYaml } from 'yaml'
import { Fault } from './fault.ts'
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

export const settings = {
  certs: { flag: '--certs <dir>', key: 'certs', help: 'folder of keys and certificates', parse: resolveUserPath },
  data: { flag: '--data <dir>', key: 'data', help: 'folder of documents and state', parse: resolveUserPath },
  host: { flag: '--host <address>', key: 'host', help: 'address to listen on', parse: parseHost },
  port: {
    flag: '--port <number>',
    key: 'port',
    help: 'port of the exchange listener (0: any free one)',
    parse: parsePort,
  },
  to: { flag: '--to <url>', key: 'to', help: "the receiver's address", parse: parseReceiverUrl },
  timeout: {
    flag: '--timeout <seconds>',
    key: 'timeout',
    help: 'how long to wait for the receipt',
    parse: parseSeconds,
  },
  lifetime: {
    flag: '--lifetime <hours>',
    key: 'outbox.lifetime',
    help: 'how long a document is queued before it expires',
    parse: parseHours,
  },
  concurrency: {
    flag: '--concurrency <number>',
    key: 'outbox.concurrency',
    help: 'documents on their way to one receiver at a time',
    parse: parseConcurrency,
  },
  clockSkew: {
    flag: '--clock-skew <seconds>',
    key: 'clock-skew',
    help: "how far TimestampForSignature may be from the receiver's clock",
    parse: parseSeconds,
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
  if (!isEmpty(text)) return settings[name].parse(text)
  const flag = settings[name].flag.split(' ')[0]
  throw new Fault('usage', `${flag} or ${environmentName(name)} is empty; give a value or leave it out`)
}

const settingNames = Object.keys(settings) as SettingName[]

function knownKeys(): string {
  return settingNames.map(name => settings[name].key).join(', ')
}

function readYaml(path: string): unknown {
  try {
    return parseYaml(readFileSync(path, 'utf8')) ?? {}
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

function parsePort(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65535)
    throw new Fault('usage', `a port is a number from 0 to 65535, not ${quote(text)}`)
  return port
}

function parseSeconds(text: string): number {
  if (!/^\d{1,9}(\.\d{1,3})?$/.test(text))
    throw new Fault('usage', `a time is a number of seconds, such as 30, not ${quote(text)}`)
  return Number(text)
}

function parseHours(text: string): number {
  const isHours = /^\d{1,5}(\.\d{1,6})?$/.test(text) && Number(text) > 0
  if (!isHours) throw new Fault('usage', `a lifetime is a number of hours, such as 72, not ${quote(text)}`)
  return Number(text)
}

function parseConcurrency(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text))
    throw new Fault('usage', `a number of documents at a time is from 1 to 999, not ${quote(text)}`)
  return Number(text)
}

function parseByteCount(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text))
    throw new Fault('usage', `a size is a number of bytes, such as 1073741824, not ${quote(text)}`)
  return Number(text)
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
  if (text === 'off') return text
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new Fault('usage', `a rate is a number of documents a second, such as 100, or off, not ${quote(text)}`)
  return Number(text)
}

function parseHttpsUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'https:') return url
  const shown = text.replace(/^.*@/s, '…@')
  throw new Fault('usage', `an address is an https URL, such as https://localhost:8443, not ${quote(shown)}`)
}

/**
 * A receiver knows its partners by their certificates: a password would only end up in places where
 * nobody guards it.
 */
function parseReceiverUrl(text: string): URL {
  const url = parseHttpsUrl(text)
  if (url.username !== '' || url.password !== '')
    throw new Fault('usage', `expected the receiver's address without user or password, found one with: ${url.host}`)
  return url
}
