// Where a ledger or an outbox on PostgreSQL is: what the setting says, and the file of a data
// folder that keeps it. Every command finds the database of a data folder by that file.
import { existsSync, readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { Fault, quote, writeDurableFile } from '@seg/core'

export type PostgresPlace = {
  readonly hosts: readonly DatabaseHost[]
  readonly user: string
  readonly database: string
  /** How many standbys must have a commit before anything is acknowledged. */
  readonly standbys: number
  /** File of the CAs of the servers, in PEM; the system's without. */
  readonly ca: string | undefined
  /** File of the password; undefined where the server asks for none. */
  readonly password: string | undefined
}

/** `name` is a folder where it is that of a socket. */
export type DatabaseHost = { readonly name: string; readonly port: number }

/** What is in the database: the setting has its name. */
export type Placed = 'ledger' | 'outbox'
const FORM = 'postgres://USER@HOST[:PORT][,HOST…]/DATABASE[?standbys=N][&ca=FILE]'
const NAME = /^[\w.-]{1,63}$/
const MOST_STANDBYS = 9

/** What the operator must know of `standbys=0`. */
export const ONE_SERVER =
  'a commit waits for no standby (standbys=0): what was acknowledged is lost with the disk of this one server'

/** Throws the Fault `configuration`; what it says has no user and no password. */
export function parsePostgresPlace(
  text: string,
  password: string | undefined,
  placed: Placed = 'ledger',
): PostgresPlace {
  const [, user, secret, hosts, database, query] =
    /^postgres(?:ql)?:\/\/(?:([^:@/?#]+)(:[^@/?#]*)?@)?([^@/?#]*)\/([^/?#]+)(?:\?([^#]*))?$/.exec(text) ?? []
  if (secret !== undefined)
    throw new Fault(
      'configuration',
      `the password of the ${placed} has no place in its address: give its file with --${placed}-password`,
    )
  if (user === undefined || database === undefined || hosts === undefined)
    throw new Fault('configuration', `expected the address of the ${placed} as ${FORM}, found another form`)
  const parameters = new URLSearchParams(query)
  for (const name of new Set(parameters.keys()))
    if (!['standbys', 'ca', 'host', 'port'].includes(name) || parameters.getAll(name).length > 1)
      throw new Fault(
        'configuration',
        `expected the address of the ${placed} as ${FORM}, found ${quote(name)} in its query`,
      )
  const socket = parameters.get('host')
  if (socket !== null && !isAbsolute(socket))
    throw new Fault('configuration', `expected the folder of a socket in host=, found ${quote(socket)}`)
  if (socket === null ? parameters.has('port') : hosts !== '')
    throw new Fault(
      'configuration',
      `expected hosts in the address of the ${placed}, or host= and port= of a socket alone`,
    )
  const names = socket !== null ? [`${socket}:${parameters.get('port') ?? 5432}`] : hosts.split(',')
  const ca = parameters.get('ca') ?? undefined
  if (ca !== undefined && !isAbsolute(ca))
    throw new Fault('configuration', `expected an absolute path in ca=, found ${quote(ca)}`)
  return {
    hosts: names.map(parseHost),
    user: parseName('a user', user),
    database: parseName('a database', database),
    standbys: parseStandbys(parameters.get('standbys') ?? '0'),
    ca,
    password,
  }
}

/** The place that a data folder names; undefined for one with a ledger or outbox of its own. */
export function placeIn(folder: string, placed: Placed): PostgresPlace | undefined {
  const path = placeFile(folder, placed)
  if (!existsSync(path)) return undefined
  try {
    const { [placed]: address, password } = JSON.parse(readFileSync(path, 'utf8'))
    return parsePostgresPlace(String(address), password === undefined ? undefined : String(password), placed)
  } catch (cause) {
    throw new Fault(
      'configuration',
      `${path} does not name the ${placed} of this folder: ${(cause as Error).message}`,
      { cause },
    )
  }
}

export function placeOfLedger(folder: string): PostgresPlace | undefined {
  return placeIn(folder, 'ledger')
}

/** Crash before: the folder names what it named. After: every command finds the database there. */
export async function keepPlace(
  folder: string,
  address: string,
  password: string | undefined,
  placed: Placed = 'ledger',
): Promise<void> {
  const text = `${JSON.stringify({ [placed]: address, password })}\n`
  const path = placeFile(folder, placed)
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return
  await writeDurableFile(path, text, { mode: 0o600, replace: true })
}

function placeFile(folder: string, placed: Placed): string {
  return join(folder, `${placed}-place.json`)
}

/** For people, without the user. */
export function describePlace({ hosts, database }: PostgresPlace): string {
  return `PostgreSQL ${hosts.map(({ name, port }) => `${name}:${port}`).join(', ')}, database ${database}`
}

/** Whether what is said to this host stays on this machine. */
export function isLocal({ name }: DatabaseHost): boolean {
  return isAbsolute(name) || name === 'localhost' || name === '::1' || /^127\.\d+\.\d+\.\d+$/.test(name)
}

function parseHost(text: string): DatabaseHost {
  const [, name, port = '5432'] = /^(\[[0-9A-Fa-f:.]+\]|[^:\s]+)(?::(\d{1,5}))?$/.exec(text) ?? []
  if (name === undefined || Number(port) < 1 || Number(port) > 65535)
    throw new Fault('configuration', `expected a host of the database as NAME or NAME:PORT, found ${quote(text)}`)
  return { name: name.replace(/^\[|\]$/g, ''), port: Number(port) }
}

/** Percent-encoded only where it need not be: each character of a name stands for itself. */
function parseName(what: string, text: string): string {
  const name = text.replaceAll(/%([2-7][0-9A-Fa-f])/g, (_all, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  if (NAME.test(name)) return name
  throw new Fault('configuration', `expected ${what} of PostgreSQL of letters, digits, dots and dashes, at most 63`)
}

function parseStandbys(text: string): number {
  const standbys = /^\d$/.test(text) ? Number(text) : Number.NaN
  if (standbys <= MOST_STANDBYS) return standbys
  throw new Fault('configuration', `expected standbys=0 to ${MOST_STANDBYS}, found ${quote(text)}`)
}
