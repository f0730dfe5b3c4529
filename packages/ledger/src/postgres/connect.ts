// A connection to the server that takes writes: of all hosts the one that is no standby, and that
// was promoted last.
import { readFileSync, statSync } from 'node:fs'
import { isIP } from 'node:net'
import { isAbsolute } from 'node:path'
import { rootCertificates } from 'node:tls'
import { Fault, readSecretFile } from '@seg/core'
import type { Client, ClientConfig, QueryConfig, QueryResult } from 'pg'
import { isInTime } from './in-time.ts'
import { onPostgres } from './postgres-fault.ts'
import { type DatabaseHost, describePlace, isLocal, type PostgresPlace } from './postgres-place.ts'
import { SCHEMA } from './schema.ts'

/** Milliseconds for a host to answer. */
const CONNECT_TIME = 3000
/** Milliseconds for a server to hear that a connection is closed. */
const CLOSE_TIME = 1000

/**
 * NULL of a standby. That of the checkpoint is not up to date after a promotion, that of the file
 * which is written is.
 */
const TIMELINE = `CASE WHEN pg_is_in_recovery() THEN NULL
  ELSE substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) END AS timeline`

/** Of every session, whatever the role, the database or the server has set. */
const SESSION = {
  search_path: SCHEMA,
  timezone: 'UTC',
  client_min_messages: 'warning',
  // Without it the barrier of a reader waits for no standby.
  synchronous_commit: 'on',
  standard_conforming_strings: 'on',
  // Without it a NULL in an array is the text NULL.
  array_nulls: 'on',
} as const

export type PostgresRow = Readonly<Record<string, unknown>>

export type ConnectionForm = {
  /** For the operators of the database: what the connection is for. */
  readonly purpose: string
  /** Milliseconds that the answer to a query may take before the connection is given up. */
  readonly patience?: number
  /** Parameters of the session. */
  readonly session?: Session
}

type Question = { text: string; name?: string; values?: unknown[]; query_timeout?: number }
type Session = Readonly<Record<string, string>>

/**
 * One thing after the other. Once `isEnded`, every question throws the Fault `storage-unavailable`.
 */
export class PostgresConnection {
  readonly #client: Client
  readonly timeline: number
  #isEnded = false
  /** The end of the question before. */
  #last: Promise<void> = Promise.resolve()
  /** Of warnings of the server since `takeNotices`. */
  #notices: string[] = []

  constructor(client: Client, timeline: number) {
    this.#client = client
    this.timeline = timeline
    client.on('error', () => this.destroy())
    client.on('end', () => {
      this.#isEnded = true
    })
    client.on('notice', ({ code }) => this.#notices.push(String(code)))
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** What the migrator asks; an answer has the tag of its command. */
  get client(): Client {
    return this.#client
  }

  /** The process of the server that serves this connection. */
  get backend(): number {
    return (this.#client as unknown as { processID: number }).processID
  }

  takeNotices(): string[] {
    return this.#notices.splice(0)
  }

  /** `patience`: of this question, where it is not that of the connection. */
  async rows(text: string, values: readonly unknown[] = [], patience?: number): Promise<readonly PostgresRow[]> {
    const time = patience !== undefined && { query_timeout: patience }
    const { rows } = await this.#ask<QueryResult<PostgresRow>>({ text, values: [...values], ...time })
    return rows
  }

  /** The same of a statement that is planned once for each connection. */
  async planned(name: string, text: string, values: readonly unknown[]): Promise<readonly PostgresRow[]> {
    const { rows } = await this.#ask<QueryResult<PostgresRow>>({ name, text, values: [...values] })
    return rows
  }

  /** The rows of the last of several statements, which take no values. */
  async lastRows(text: string): Promise<readonly PostgresRow[]> {
    const results = await this.#ask<QueryResult<PostgresRow> | QueryResult<PostgresRow>[]>({ text })
    return (Array.isArray(results) ? results.at(-1)! : results).rows
  }

  /** What the server answers with: ROLLBACK to a COMMIT where nothing was committed. */
  async tag(text: string): Promise<string> {
    return (await this.#ask<QueryResult>({ text })).command
  }

  async close(): Promise<void> {
    if (this.#isEnded) return
    this.#isEnded = true
    await endClient(this.#client)
  }

  /** Without a word to the server, which may not hear it. */
  destroy(): void {
    this.#isEnded = true
    streamOf(this.#client).destroy()
  }

  async #ask<Result>(query: Question): Promise<Result> {
    const { promise, resolve: end } = Promise.withResolvers<void>()
    const before = this.#last
    this.#last = promise
    await before
    return this.#query<Result>(query).finally(end)
  }

  async #query<Result>(query: Question): Promise<Result> {
    if (this.#isEnded) throw new Fault('storage-unavailable', 'the connection to PostgreSQL has ended')
    try {
      return (await this.#client.query(query)) as Result
    } catch (error) {
      // What was asked may still be under way there: nothing else can be asked on this connection.
      if ((error as Error).message === 'Query read timeout') this.destroy()
      throw error
    }
  }
}

/** Throws the Fault `storage-unavailable` when no host takes writes. */
export async function connectToPrimary(place: PostgresPlace, form: ConnectionForm): Promise<PostgresConnection> {
  const attempts = await Promise.allSettled(place.hosts.map(host => connectTo(place, host, form)))
  const connections = attempts.flatMap(attempt => (attempt.status === 'fulfilled' ? [attempt.value] : []))
  const writable = connections.filter(({ timeline }) => timeline >= 0)
  const best = writable.toSorted((a, b) => b.timeline - a.timeline)[0]
  await Promise.all(connections.filter(connection => connection !== best).map(connection => connection.close()))
  if (best !== undefined) return best
  const failed = attempts.find(attempt => attempt.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  throw new Fault(
    'storage-unavailable',
    `${describePlace(place)}: each server is a standby, expected one that takes writes`,
  )
}

async function connectTo(place: PostgresPlace, host: DatabaseHost, form: ConnectionForm): Promise<PostgresConnection> {
  const name = `${host.name}:${host.port}`
  return onPostgres(`connect to PostgreSQL at ${name}`, async () => {
    const { default: pg } = await import('pg')
    const session = { ...SESSION, ...form.session }
    const client = new pg.Client(await configOf(place, host, form, session))
    // The first listener: an error event without a listener ends the process.
    client.on('error', () => {})
    try {
      await client.connect()
      const text = `SELECT pg_backend_pid() AS backend, ${TIMELINE}, ${settingsOf(session)}`
      const { rows } = await client.query({ text, query_timeout: CONNECT_TIME } as QueryConfig)
      const { timeline, ...found } = rows[0] as { timeline: string | null } & PostgresRow
      const connection = new PostgresConnection(client, timeline === null ? -1 : Number.parseInt(timeline, 16))
      checkSession(name, { backend: connection.backend, ...session }, found)
      return connection
    } catch (error) {
      await endClient(client)
      throw error
    }
  })
}

/** Also where nothing of the host is heard any more: TCP would try for many minutes. */
async function endClient(client: Client): Promise<void> {
  const ended = client.end().catch(() => {})
  if (!(await isInTime(ended, CLOSE_TIME))) streamOf(client).destroy()
}

function streamOf(client: Client): { destroy(): void } {
  return (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream
}

function settingsOf(session: Session): string {
  return Object.keys(session)
    .map(name => `current_setting('${name}') AS ${name}`)
    .join(', ')
}

/**
 * That the session is ours alone, as we asked for it: a pooler gives one session to several, and
 * leaves out what it does not know. Locks and limits of the session would not hold.
 */
function checkSession(host: string, expected: PostgresRow, found: PostgresRow): void {
  const name = Object.keys(expected).find(each => String(found[each]) !== String(expected[each]))
  if (name === undefined) return
  throw new Fault(
    'storage-unavailable',
    `${host} is no PostgreSQL server but a pooler before one: expected ${name} ${expected[name]}, ` +
      `found ${found[name]}; name the servers themselves in its address`,
  )
}

async function configOf(
  place: PostgresPlace,
  host: DatabaseHost,
  form: ConnectionForm,
  session: Session,
): Promise<ClientConfig> {
  const { user, database, password, ca } = place
  checkSocketFolder(host)
  return {
    host: host.name,
    port: host.port,
    user,
    database,
    // Nothing of the environment: not PGPASSWORD, not ~/.pgpass, not PGCLIENTENCODING.
    client_encoding: 'UTF8',
    password: password === undefined ? () => '' : (await readSecretFile(password)).toString('utf8').trimEnd(),
    ssl: isLocal(host) && ca === undefined ? false : tlsOf(host, ca),
    application_name: `seg ${form.purpose}`,
    options: Object.entries(session)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    connectionTimeoutMillis: CONNECT_TIME,
    keepAlive: true,
    ...(form.patience !== undefined && { query_timeout: form.patience }),
  }
}

/**
 * Verified to the name, wherever it leaves this machine. The CAs are named, so that no variable
 * adds one (NODE_EXTRA_CA_CERTS).
 */
function tlsOf({ name }: DatabaseHost, ca: string | undefined): ClientConfig['ssl'] {
  const trusted = ca === undefined ? [...rootCertificates] : readFileSync(ca, 'utf8')
  const named = isIP(name) === 0 ? { servername: name } : {}
  return { minVersion: 'TLSv1.2', rejectUnauthorized: true, ca: trusted, ...named }
}

/**
 * On a socket nothing proves who listens but the folder: where anybody may write, anybody may be
 * the server. Throws the Fault `configuration`.
 */
function checkSocketFolder({ name }: DatabaseHost): void {
  if (!isAbsolute(name)) return
  const found = statSync(name, { throwIfNoEntry: false })
  if (found !== undefined && (found.mode & 0o002) !== 0)
    throw new Fault(
      'configuration',
      `expected a folder of the socket that not everybody may write to, found ${name}: set unix_socket_directories`,
    )
}
