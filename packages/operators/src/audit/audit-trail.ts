// The audit trail of a data folder: records are added, by any process, and never changed.
import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { claimDataFolder, onDatabase, openDatabase, openDatabaseReader, transact } from '@seg/ledger'
import { type Act, type AuditOutcome, type AuditRecord, digestRecord, writeCanonical } from './audit-record.ts'
import { AUDIT_FILE, auditMigrations } from './audit-schema.ts'

/** As it is stored. */
export type KeptRecord = {
  readonly number: number
  readonly id: string
  readonly digest: string
  /** The canonical JSON. */
  readonly text: string
  readonly leaf: number | undefined
}

const columns = 'number, id, digest, record, leaf_index'

/**
 * Opens the trail for writing; makes it, and the folder, if need be. Throws the Faults
 * `storage-unavailable` and `configuration`.
 */
export async function openAuditTrail(
  folder: string,
  owner: 'receiver' | 'sender',
  version: string,
): Promise<AuditTrail> {
  await claimDataFolder(folder, owner)
  return new AuditTrail(await openDatabase(join(folder, AUDIT_FILE), auditMigrations), version)
}

/** Only to read; undefined where nobody has done anything. */
export function openAuditReader(folder: string): AuditTrail | undefined {
  const path = join(folder, AUDIT_FILE)
  return existsSync(path) ? new AuditTrail(openDatabaseReader(path, auditMigrations), '') : undefined
}

export class AuditTrail {
  readonly #database: DatabaseSync
  readonly #version: string

  constructor(database: DatabaseSync, version: string) {
    this.#database = database
    this.#version = version
  }

  /** Durable when it returns. Throws the Fault `storage-unavailable`. */
  add(act: Act, outcome: AuditOutcome, now: Date): KeptRecord {
    return this.#transact('write an audit record', () => {
      const last = this.#database.prepare('SELECT digest FROM records ORDER BY number DESC LIMIT 1').get()
      const record: AuditRecord = {
        ...act,
        v: 1,
        id: randomUUID(),
        at: now.toISOString(),
        outcome,
        version: this.#version,
        nonce: randomBytes(32).toString('base64'),
        prev: last === undefined ? null : String(last.digest),
      }
      const text = writeCanonical(record)
      const digest = digestRecord(text)
      const { lastInsertRowid } = this.#database
        .prepare('INSERT INTO records (id, digest, record) VALUES (?, ?, ?)')
        .run(record.id, digest, text)
      return { number: Number(lastInsertRowid), id: record.id, digest, text, leaf: undefined }
    })
  }

  /** In order, those behind `number`. */
  after(number: number, limit: number): KeptRecord[] {
    return this.#all(`SELECT ${columns} FROM records WHERE number > ? ORDER BY number LIMIT ?`, number, limit)
  }

  /**
   * Records of these numbers that also meet `where`, SQL of ours with named parameters: the newest
   * first, or the oldest with `isUpward`.
   */
  search(
    { low, high, limit, isUpward }: { low: number; high: number; limit: number; isUpward: boolean },
    where: string,
    values: Readonly<Record<string, string>>,
  ): KeptRecord[] {
    const range = `number BETWEEN :low AND :high${where} ORDER BY number ${isUpward ? 'ASC' : 'DESC'} LIMIT :limit`
    return onDatabase('search the audit trail', () =>
      this.#database
        .prepare(`SELECT ${columns} FROM records WHERE ${range}`)
        .all({ low, high, limit, ...values })
        .map(readKept),
    )
  }

  /** The number of the last record; 0 for none. */
  get newest(): number {
    const row = onDatabase('read the audit trail', () =>
      this.#database.prepare('SELECT MAX(number) AS newest FROM records').get(),
    )
    return Number(row?.newest ?? 0)
  }

  find(name: string): KeptRecord | undefined {
    return this.#all(
      `SELECT ${columns} FROM records WHERE id = ? OR number = ?`,
      name,
      /^\d+$/.test(name) ? Number(name) : -1,
    )[0]
  }

  /** Those without an entry of the log. */
  notEntered(limit: number): KeptRecord[] {
    return this.#all(`SELECT ${columns} FROM records WHERE leaf_index IS NULL ORDER BY number LIMIT ?`, limit)
  }

  setLeaf(number: number, leaf: number): void {
    onDatabase('note the entry of an audit record', () =>
      this.#database.prepare('UPDATE records SET leaf_index = ? WHERE number = ?').run(leaf, number),
    )
  }

  /** What the log calls this actor, always the same. */
  pseudonym(actor: string): string {
    return this.#transact('name an actor', () => {
      this.#database
        .prepare('INSERT OR IGNORE INTO pseudonyms (actor, pseudonym) VALUES (?, ?)')
        .run(actor, `actor-${randomBytes(8).toString('hex')}`)
      return String(this.#database.prepare('SELECT pseudonym FROM pseudonyms WHERE actor = ?').get(actor)!.pseudonym)
    })
  }

  /** Number of the last record; 0 for none. */
  last(): number {
    const row = onDatabase('read the audit trail', () =>
      this.#database.prepare('SELECT MAX(number) AS number FROM records').get(),
    )
    return Number(row?.number ?? 0)
  }

  /** The last record that a sink has taken; 0 for none. */
  forwarded(sink: string): number {
    const row = onDatabase('read the audit trail', () =>
      this.#database.prepare('SELECT number FROM forwarded WHERE sink = ?').get(sink),
    )
    return Number(row?.number ?? 0)
  }

  setForwarded(sink: string, number: number): void {
    onDatabase('note what was forwarded', () =>
      this.#database
        .prepare(
          'INSERT INTO forwarded (sink, number) VALUES (?, ?) ' +
            'ON CONFLICT (sink) DO UPDATE SET number = excluded.number',
        )
        .run(sink, number),
    )
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close()
  }

  #all(sql: string, ...values: readonly (string | number)[]): KeptRecord[] {
    return onDatabase('read the audit trail', () => this.#database.prepare(sql).all(...values)).map(readKept)
  }

  /** Crash before COMMIT: nothing of it is there. After: all of it. */
  #transact<Result>(task: string, work: () => Result): Result {
    return onDatabase(task, () => transact(this.#database, work))
  }
}

function readKept(row: Record<string, unknown>): KeptRecord {
  return {
    number: Number(row.number),
    id: String(row.id),
    digest: String(row.digest),
    text: String(row.record),
    leaf: row.leaf_index === null ? undefined : Number(row.leaf_index),
  }
}
