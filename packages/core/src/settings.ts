// Every setting of the product: one row gives its flag, its key in seg.yaml and its parser.
// Precedence: flag > environment > seg.yaml > default.
// Long because it is one table.
import { resolve } from 'node:path'
import type { JsonSchema } from './configuration/json-schema.ts'
import { Fault } from './fault.ts'
import { parseNatsAddress, parseStreamName, parseSubject } from './forms/nats-address.ts'
import { parseAddressList, parseListenAddress, parseNodeName } from './forms/network-addresses.ts'
import { type NumberForm, parseNumber } from './number.ts'
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
  /** What `parse` takes, for editors of seg.yaml. */
  readonly schema: JsonSchema
}

/** Seconds that fit into a timer: it counts milliseconds with 31 bits. */
const LONGEST_TIME = 2_147_483

const byteCount = { what: 'a size in bytes', least: 1, most: 999_999_999_999_999 } as const
const rate = { what: 'a rate, where it is not off,', least: 1, most: 999_999 } as const
const time = { what: 'a time in seconds', least: 0, most: LONGEST_TIME, decimals: 3 } as const
const opinions = ['off', 'report', 'require'] as const
const STRING: JsonSchema = { type: 'string' }

/** Parser and schema of a number. */
function number(form: NumberForm) {
  return { parse: parseNumber(form), schema: schemaOf(form) }
}

/** The same of a number or one word. */
function numberOr<Word extends string>(word: Word, form: NumberForm) {
  const parse = parseNumber(form)
  return {
    parse: (text: string): number | Word => (text === word ? word : parse(text)),
    schema: { anyOf: [{ enum: [word] }, schemaOf(form)] } satisfies JsonSchema,
  }
}

/** A port, or one of these words. */
function portOr<Word extends string>(...words: readonly Word[]) {
  const form = { what: `a port, where it is not ${words.join(' or ')},`, least: 0, most: 65535 }
  const parse = parseNumber(form)
  return {
    parse: (text: string): number | Word => words.find(word => word === text) ?? parse(text),
    schema: { anyOf: [{ enum: words }, schemaOf(form)] } satisfies JsonSchema,
  }
}

function schemaOf({ least, most, decimals = 0 }: NumberForm): JsonSchema {
  return { type: decimals > 0 ? 'number' : 'integer', minimum: least, maximum: most }
}

export const settings = {
  certs: {
    flag: '--certs <dir>',
    key: 'certs',
    help: 'folder of keys and certificates',
    parse: resolveUserPath,
    schema: STRING,
  },
  data: {
    flag: '--data <dir>',
    key: 'data',
    help: 'folder of documents and state',
    parse: resolveUserPath,
    schema: STRING,
  },
  ledger: {
    flag: '--ledger <url>',
    key: 'ledger',
    help:
      'database that several receivers share, instead of one in the data folder: ' +
      'postgres://USER@HOST,HOST/DATABASE?standbys=1',
    parse: parseDatabase('ledger'),
    schema: STRING,
  },
  ledgerPassword: {
    flag: '--ledger-password <file>',
    key: 'ledger-password',
    help: 'file of the password for the ledger, readable for its owner only',
    parse: parseOptionalPath,
    schema: STRING,
  },
  node: {
    flag: '--node <name>',
    key: 'node',
    help: "name of this machine, of several receivers with one ledger; without, the host's",
    parse: parseNodeName,
    schema: STRING,
  },
  proxyProtocol: {
    flag: '--proxy-protocol <addresses>',
    key: 'proxy-protocol',
    help: 'load balancers, by address, whose connections begin with a PROXY header of version 2; off: none',
    parse: parseAddressList,
    schema: STRING,
  },
  readyListen: {
    flag: '--ready-listen <address>',
    key: 'ready-listen',
    help: 'address and port of /livez and /readyz without TLS, such as 127.0.0.1:8081; off: nowhere',
    parse: parseListenAddress,
    schema: STRING,
  },
  drainTime: {
    flag: '--drain-time <seconds>',
    key: 'drain-time',
    help: 'how long a receiver that is stopped goes on while /readyz answers 503, for the load balancer to notice',
    ...number({ what: 'a time in seconds', least: 0, most: 3600, decimals: 3 }),
  },
  processes: {
    flag: '--processes <number>',
    key: 'processes',
    help:
      'processes for connections and verification, beside the one that has the ledger (1: none beside it); ' +
      'auto: by the cores of the machine',
    ...numberOr('auto', { what: 'a number of processes, where it is not auto,', least: 1, most: 16 }),
  },
  host: { flag: '--host <address>', key: 'host', help: 'address to listen on', parse: parseHost, schema: STRING },
  port: {
    flag: '--port <number>',
    key: 'port',
    help: 'port of the exchange listener (0: any free one)',
    ...number({ what: 'a port', least: 0, most: 65535 }),
  },
  to: { flag: '--to <url>', key: 'to', help: "the receiver's address", parse: parseReceiverUrl, schema: STRING },
  timeout: {
    flag: '--timeout <seconds>',
    key: 'timeout',
    help: 'how long to wait for the receipt',
    ...number(time),
  },
  outbox: {
    flag: '--outbox <url>',
    key: 'outbox.url',
    help:
      'database that several senders share, instead of one in the data folder: ' +
      'postgres://USER@HOST,HOST/DATABASE?standbys=1',
    parse: parseDatabase('outbox'),
    schema: STRING,
  },
  outboxPassword: {
    flag: '--outbox-password <file>',
    key: 'outbox.password',
    help: 'file of the password for the outbox, readable for its owner only',
    parse: parseOptionalPath,
    schema: STRING,
  },
  lifetime: {
    flag: '--lifetime <hours>',
    key: 'outbox.lifetime',
    help: 'how long a document is queued before it expires',
    ...number({ what: 'a lifetime in hours', least: 0.000001, most: 99_999, decimals: 6 }),
  },
  concurrency: {
    flag: '--concurrency <number>',
    key: 'outbox.concurrency',
    help: 'documents sent to one receiver at a time',
    ...number({ what: 'a number of documents at a time', least: 1, most: 999 }),
  },
  clockSkew: {
    flag: '--clock-skew <seconds>',
    key: 'clock-skew',
    help: "how far TimestampForSignature may be from the receiver's clock",
    ...number(time),
  },
  documentLimit: {
    flag: '--document-limit <bytes>',
    key: 'document-limit',
    help: 'the largest document that is accepted',
    ...number(byteCount),
  },
  secondOpinion: {
    flag: '--second-opinion <when>',
    key: 'verification.secondOpinion',
    help:
      'verify accepted documents with xml-crypto, too: ' +
      'off, report (a difference is an alarm) or require (it is a refusal)',
    parse: parseSecondOpinion,
    schema: { enum: opinions },
  },
  inbox: {
    flag: '--inbox <dir>',
    key: 'hand-off.inbox',
    help:
      'folder where accepted documents are put for other systems, ' +
      'in the data folder unless it is absolute; off: nowhere',
    parse: String,
    schema: STRING,
  },
  webhook: {
    flag: '--webhook <url>',
    key: 'hand-off.webhook.url',
    help: 'where accepted documents are posted to; off: nowhere',
    parse: parseWebhook,
    schema: STRING,
  },
  webhookSecret: {
    flag: '--webhook-secret <file>',
    key: 'hand-off.webhook.secret',
    help: 'file of the secret that signs what is posted: 32 bytes or more, readable for its owner only',
    parse: parseOptionalPath,
    schema: STRING,
  },
  webhookCa: {
    flag: '--webhook-ca <file>',
    key: 'hand-off.webhook.ca',
    help: "CAs of the webhook's certificate, in PEM, instead of the public ones",
    parse: parseOptionalPath,
    schema: STRING,
  },
  nats: {
    flag: '--nats <url>',
    key: 'hand-off.nats.url',
    help: 'NATS servers, such as tls://HOST,HOST, whose stream gets accepted documents; off: none',
    parse: parseNatsAddress,
    schema: STRING,
  },
  natsStream: {
    flag: '--nats-stream <name>',
    key: 'hand-off.nats.stream',
    help: 'stream of JetStream that gets them; it must be there, and keep its messages in files',
    parse: parseStreamName,
    schema: STRING,
  },
  natsSubject: {
    flag: '--nats-subject <subject>',
    key: 'hand-off.nats.subject',
    help: 'what their subjects begin with; a dot and the sender follow',
    parse: parseSubject,
    schema: STRING,
  },
  natsCredentials: {
    flag: '--nats-credentials <file>',
    key: 'hand-off.nats.credentials',
    help: "file of an nkey's seed, of a user's JWT and seed, or of a password; readable for its owner only",
    parse: parseOptionalPath,
    schema: STRING,
  },
  natsCa: {
    flag: '--nats-ca <file>',
    key: 'hand-off.nats.ca',
    help: 'CAs of the certificates of NATS, in PEM, instead of the public ones',
    parse: parseOptionalPath,
    schema: STRING,
  },
  natsCertificate: {
    flag: '--nats-certificate <file>',
    key: 'hand-off.nats.certificate',
    help: 'our certificate for NATS, in PEM',
    parse: parseOptionalPath,
    schema: STRING,
  },
  natsKey: {
    flag: '--nats-key <file>',
    key: 'hand-off.nats.key',
    help: 'its key, in PEM, readable for its owner only',
    parse: parseOptionalPath,
    schema: STRING,
  },
  rateLimit: {
    flag: '--rate-limit <number>',
    key: 'rate-limit',
    help: 'documents a second that one partner may send; off: as many as it likes',
    ...numberOr('off', rate),
  },
  diskReserve: {
    flag: '--disk-reserve <bytes>',
    key: 'storage.reserve',
    help: 'free space that documents may not use; auto: 1 GiB, at most a twentieth of the disk',
    ...numberOr('auto', byteCount),
  },
  storageQuota: {
    flag: '--storage-quota <bytes>',
    key: 'storage.quota',
    help: 'bytes that one partner may store in a day; off: three quarters of the free space',
    ...numberOr('off', byteCount),
  },
  logFile: {
    flag: '--log-file <file>',
    key: 'log-file',
    help: 'where the log is written, instead of standard error; SIGHUP opens the file again',
    parse: parseOptionalPath,
    schema: STRING,
  },
  adminPort: {
    flag: '--admin-port <number>',
    key: 'console.port',
    help:
      "port of the operators' listener (0: any free one); " +
      'auto: 8444, if it is free and certs/console.crt is there; off: none',
    ...portOr('auto', 'off'),
  },
  adminHost: {
    flag: '--admin-host <address>',
    key: 'console.host',
    help: "address of the operators' listener",
    parse: parseHost,
    schema: STRING,
  },
  fourEyes: {
    flag: '--four-eyes <when>',
    key: 'console.four-eyes',
    help: 'acts of operators on partners and API keys wait for another person: on or off',
    parse: parseFourEyes,
    schema: { enum: ['on', 'off'] },
  },
  adminCertificatePort: {
    flag: '--admin-certificate-port <number>',
    key: 'console.certificate-port',
    help: 'port where people of seg.yaml log in with a certificate (0: any free one); off: none',
    ...portOr('off'),
  },
  deskDays: {
    flag: '--desk-days <days>',
    key: 'console.desk.days',
    help: 'how long the facts of documents, refusals and connections are kept for searching',
    ...number({ what: 'a number of days', least: 1, most: 36_500 }),
  },
  deskBytes: {
    flag: '--desk-bytes <bytes>',
    key: 'console.desk.bytes',
    help: 'how large the file of these facts may become; who has the most loses the oldest',
    ...number(byteCount),
  },
  backups: {
    flag: '--backups <dir>',
    key: 'backups',
    help: 'folder where the backups are made that operators ask for; off: they cannot',
    parse: text => (text === 'off' ? text : resolveUserPath(text)),
    schema: STRING,
  },
  tracing: {
    flag: '--tracing <url>',
    key: 'tracing.otlp',
    help: 'collector that gets OpenTelemetry traces over OTLP/HTTP: https, or http on this machine; off: none',
    parse: parseCollector,
    schema: STRING,
  },
  tracingCa: {
    flag: '--tracing-ca <file>',
    key: 'tracing.ca',
    help: "CAs of the collector's certificate, in PEM, instead of the public ones",
    parse: parseOptionalPath,
    schema: STRING,
  },
  consoleOutbox: {
    flag: '--console-outbox <dir>',
    key: 'console.outbox',
    help: 'data folder of a sender on this machine whose deliveries are kept among these facts, too; off: none',
    parse: text => (text === 'off' ? text : resolveUserPath(text)),
    schema: STRING,
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

export const settingNames = Object.keys(settings) as SettingName[]

function parseSecondOpinion(text: string): (typeof opinions)[number] {
  const opinion = opinions.find(known => known === text)
  if (opinion !== undefined) return opinion
  throw new Fault('usage', `a second opinion is off, report or require, not ${quote(text)}`)
}

function parseFourEyes(text: string): 'on' | 'off' {
  if (text === 'on' || text === 'off') return text
  throw new Fault('usage', `four eyes are on or off, not ${quote(text)}`)
}

function parseHost(text: string): string {
  if (/[\s/@]/.test(text))
    throw new Fault('usage', `a host is a name or an address, such as localhost, not ${quote(text)}`)
  return text
}

function parseDatabase(of: 'ledger' | 'outbox'): (text: string) => string | undefined {
  return text => {
    if (/^postgres(?:ql)?:\/\//.test(text)) return text
    throw new Fault(
      'usage',
      `the ${of} is an address as postgres://USER@HOST/DATABASE, or left out: then it is in --data`,
    )
  }
}

function parseOptionalPath(text: string): string | undefined {
  return resolveUserPath(text)
}

function parseWebhook(text: string): URL | 'off' {
  return text === 'off' ? text : parseHttpsUrl(text)
}

/** Spans name partners and documents: they cross no network in the clear. */
function parseCollector(text: string): URL | 'off' {
  if (text === 'off') return text
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isHere = url !== undefined && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  return url?.protocol === 'http:' && isHere ? url : parseHttpsUrl(text)
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
 * A receiver has one address, and recognizes its partners by their certificates: it ignores a path,
 * a query or a password, and these would only be written to places that are not protected.
 */
function parseReceiverUrl(text: string): URL {
  const url = parseHttpsUrl(text)
  if (url.href === `${url.origin}/`) return url
  throw new Fault(
    'usage',
    `the receiver's address is scheme, host and port alone, such as ${url.origin}; leave out everything else`,
  )
}
