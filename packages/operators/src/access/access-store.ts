// Who may log in: API keys, login links and sessions of one data folder, for any of its processes.
import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { Fault, quote } from '@seg/core'
import { claimDataFolder, onDatabase, openDatabase } from '@seg/ledger'
import {
  endOfSession,
  type KeptKey,
  type KeptSession,
  keyOf,
  type LoginMethod,
  personsOf,
  type Row,
  roleOf,
  SESSION_END,
  sessionOf,
} from './access-rows.ts'
import { ACCESS_FILE, accessMigrations } from './access-schema.ts'
import { Attempts } from './attempts.ts'
import type { Role } from './roles.ts'
import { hashSecret, makeSecret } from './secrets.ts'

const MINUTE = 60_000
export const LINK_TIME = 5 * MINUTE
/** Milliseconds between two notes that a session or key was used. */
const NOTE_INTERVAL = 10_000
/** What ended is kept so long, for those who look. */
const KEPT_TIME = 30 * 24 * 60 * MINUTE
/** Of each kind, in force at once. */
const MOST = 1000
/** Sessions of one person in force at once. */
export const MOST_SESSIONS = 20

/** Who asks, and how they proved it. */
export type Operator = {
  readonly id: string
  readonly role: Role
  readonly method: LoginMethod
  /** Id of the key, link or certificate. */
  readonly credential: string
  readonly session?: string
}

/**
 * `approvedBy`: who approved it saw its text, too. `behind` and `recorded`: of the operator who
 * makes it, and of who approved it.
 */
type NewKey = Pick<KeptKey, 'name' | 'role' | 'madeBy' | 'endsAt'> & {
  readonly approvedBy?: string | undefined
  readonly behind?: readonly string[]
  readonly recorded?: readonly string[]
}

/** Why a secret does not count, for the log and the audit trail; nobody else learns it. */
export type Unaccepted = {
  readonly because: 'unknown' | 'expired' | 'revoked' | 'suspended'
  readonly credential?: string
}

/** Throws the Faults `storage-unavailable` and `configuration`. */
export async function openAccess(folder: string): Promise<AccessStore> {
  await claimDataFolder(folder, 'receiver')
  return new AccessStore(await openDatabase(join(folder, ACCESS_FILE), accessMigrations))
}

export class AccessStore {
  /** Logins that were refused, by address. */
  readonly refused = new Attempts()
  readonly #database: DatabaseSync
  /** By their text: those who follow events are looked up some times a second. */
  readonly #statements = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** The text is nowhere but in what this returns. */
  addKey(key: NewKey, now: Date) {
    const { id, text, hash } = makeSecret('key')
    this.#forgetOld(now)
    this.#refuseMore('keys', 'revoked_at IS NULL AND ends_at > ?', now)
    this.#run(
      `INSERT INTO keys (id, hash, name, role, made_by, approved_by, behind, recorded, made_at, ends_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[id, hash, key.name, key.role, key.madeBy, key.approvedBy ?? null],
      ...[JSON.stringify(key.behind ?? []), JSON.stringify(key.recorded ?? []), now.getTime(), key.endsAt],
    )
    return { id, text }
  }

  keys(): KeptKey[] {
    return this.#all('SELECT * FROM keys ORDER BY made_at DESC, id').map(keyOf)
  }

  /**
   * The persons whose act it may be: of a key, who made or approved it, or a key before it that led
   * to it.
   */
  personsBehind({ method, id, credential }: Operator): string[] {
    const key = method === 'api-key' ? this.keys().find(one => one.id === credential) : undefined
    return key === undefined ? [id] : personsOf(key)
  }

  /** Of these, who acts with rights that seg.yaml gives them. */
  recordedBehind({ method, id, credential }: Operator): readonly string[] {
    if (method === 'certificate') return [id]
    return method === 'api-key' ? (this.keys().find(one => one.id === credential)?.recorded ?? []) : []
  }

  /** It does not count for this reason; without one, it counts again. */
  suspendKey(id: string, why: string | undefined): void {
    this.#run('UPDATE keys SET suspended_why = ? WHERE id = ?', why ?? null, id)
  }

  /** Throws the Fault `not-found`. */
  revokeKey(id: string, now: Date): void {
    const { changes } = this.#run('UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL', +now, id)
    if (changes === 0) throw new Fault('not-found', `no API key ${quote(id)} is in force; \`keys list\` names them`)
  }

  findKey(text: string, now: Date): Operator | Unaccepted {
    const row = this.#one('SELECT * FROM keys WHERE hash = ?', hashSecret(text))
    if (row === undefined) return { because: 'unknown' }
    const id = String(row.id)
    if (row.revoked_at !== null) return { because: 'revoked', credential: id }
    if (Number(row.ends_at) <= now.getTime()) return { because: 'expired', credential: id }
    if (row.suspended_why !== null) return { because: 'suspended', credential: id }
    if (Number(row.used_at ?? 0) + NOTE_INTERVAL < now.getTime())
      this.#run('UPDATE keys SET used_at = ? WHERE id = ?', now.getTime(), id)
    return { id: `key ${row.name}`, role: roleOf(row), method: 'api-key', credential: id }
  }

  addLink({ actor, role }: { actor: string; role: Role }, now: Date) {
    const { id, text, hash } = makeSecret('link')
    this.#forgetOld(now)
    this.#refuseMore('links', 'ends_at > ?', now)
    const endsAt = now.getTime() + LINK_TIME
    this.#run(
      'INSERT INTO links (hash, id, actor, role, ends_at) VALUES (?, ?, ?, ?, ?)',
      hash,
      id,
      actor,
      role,
      endsAt,
    )
    return { id, text, endsAt }
  }

  /** Takes the link: no other process or request gets it again. */
  takeLink(text: string, now: Date): Operator | Unaccepted {
    const row = this.#one('DELETE FROM links WHERE hash = ? RETURNING *', hashSecret(text))
    if (row === undefined) return { because: 'unknown' }
    const credential = String(row.id)
    if (Number(row.ends_at) <= now.getTime()) return { because: 'expired', credential }
    return { id: String(row.actor), role: roleOf(row), method: 'link', credential }
  }

  /**
   * The text is for the cookie. Beyond what one person may have, the oldest of theirs end, and
   * nobody else is held up.
   */
  addSession({ id: actor, role, method, credential }: Operator, address: string, now: Date) {
    const { id, text, hash } = makeSecret('session')
    this.#forgetOld(now)
    const own = this.sessions(now).filter(session => session.actor === actor)
    const ended = own.slice(MOST_SESSIONS - 1)
    for (const session of ended) this.revokeSession(session.id, now)
    this.#refuseMore('sessions', `revoked_at IS NULL AND ${SESSION_END} > ?`, now)
    this.#run(
      `INSERT INTO sessions (hash, id, actor, role, method, credential, address, made_at, seen_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[hash, id, actor, role, method, credential, address, now.getTime(), now.getTime()],
    )
    return { id, text, ended }
  }

  /** `isUse`: a person works with it, and it lasts longer for that. */
  findSession(text: string, now: Date, isUse: boolean): Operator | Unaccepted {
    const row = this.#one('SELECT * FROM sessions WHERE hash = ?', hashSecret(text))
    if (row === undefined) return { because: 'unknown' }
    const session = String(row.id)
    if (row.revoked_at !== null) return { because: 'revoked', credential: session }
    if (endOfSession(row) <= now.getTime()) return { because: 'expired', credential: session }
    if (isUse && Number(row.seen_at) + NOTE_INTERVAL < now.getTime())
      this.#run('UPDATE sessions SET seen_at = ? WHERE id = ?', now.getTime(), session)
    const method = row.method as LoginMethod
    return { id: String(row.actor), role: roleOf(row), method, credential: String(row.credential), session }
  }

  /** Those in force. */
  sessions(now: Date): KeptSession[] {
    return this.#all('SELECT * FROM sessions WHERE revoked_at IS NULL ORDER BY made_at DESC, id')
      .map(sessionOf)
      .filter(({ endsAt }) => endsAt > now.getTime())
  }

  /** Of those in force, by role. */
  countSessions(now: Date): ReadonlyMap<Role, number> {
    const sql = `SELECT role, COUNT(*) AS count FROM sessions WHERE revoked_at IS NULL AND ${SESSION_END} > ?
      GROUP BY role`
    const rows = onDatabase('read who may log in', () => this.#prepare(sql).all(now.getTime()))
    return new Map(rows.map(row => [roleOf(row), Number(row.count)]))
  }

  /** Throws the Fault `not-found`. */
  revokeSession(id: string, now: Date): void {
    const { changes } = this.#run('UPDATE sessions SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL', +now, id)
    if (changes === 0) throw new Fault('not-found', `no session ${quote(id)} is in force`)
  }

  /** Where links lead to; undefined until a listener was there. */
  get url(): string | undefined {
    const row = this.#one('SELECT url FROM listener')
    return row && String(row.url)
  }

  set url(url: string) {
    this.#run('INSERT INTO listener (one, url) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET url = excluded.url', url)
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close()
  }

  /** Records of who logged in stand in the audit trail. */
  #forgetOld(now: Date): void {
    const old = now.getTime() - KEPT_TIME
    this.#run('DELETE FROM links WHERE ends_at < ?', now.getTime() - LINK_TIME)
    this.#run('DELETE FROM sessions WHERE made_at < ?', old)
    this.#run('DELETE FROM keys WHERE ends_at < ? OR revoked_at < ?', old, old)
  }

  #refuseMore(table: 'keys' | 'links' | 'sessions', inForce: string, now: Date): void {
    const row = this.#one(`SELECT COUNT(*) AS count FROM ${table} WHERE ${inForce}`, now.getTime())
    if (Number(row?.count) >= MOST)
      throw new Fault('overloaded', `${MOST} ${table} are in force already, which is the most there may be`)
  }

  #run(sql: string, ...values: readonly (string | number | Buffer | null)[]) {
    return onDatabase('change who may log in', () => this.#prepare(sql).run(...values))
  }

  #one(sql: string, ...values: readonly (string | number | Buffer)[]): Row | undefined {
    return onDatabase('read who may log in', () => this.#prepare(sql).get(...values))
  }

  #all(sql: string): Row[] {
    return onDatabase('read who may log in', () => this.#prepare(sql).all())
  }

  #prepare(sql: string): StatementSync {
    const statement = this.#statements.get(sql) ?? this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}
