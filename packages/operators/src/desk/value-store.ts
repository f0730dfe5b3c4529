// The values that documents are found by, in the desk: which document is next, and what was found
// in it. Each method is one transaction.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { onDatabase, openDatabase, transact } from '@seg/ledger'
import { DESK_FILE, deskMigrations } from './desk-schema.ts'
import { Terms } from './terms.ts'

/** By name: values, or why there are none; the name '' is that of the whole document. */
export type FoundValues = {
  readonly values: readonly (readonly [name: string, value: string])[]
  readonly reasons: readonly (readonly [name: string, reason: string])[]
}

/** `index`: in the log; `partner`: its term. */
export type NextDocument = { readonly index: number; readonly partner: number }

/**
 * `version`: of the expressions; those of another are forgotten, and all documents are next again.
 * Undefined while there is no desk.
 */
export async function openValueStore(folder: string, version: string): Promise<ValueStore | undefined> {
  const path = join(folder, DESK_FILE)
  if (!existsSync(path)) return undefined
  const database = await openDatabase(path, deskMigrations)
  database.exec('PRAGMA synchronous = NORMAL')
  return new ValueStore(database, `values ${version}`)
}

export class ValueStore {
  readonly #database: DatabaseSync
  readonly #cursor: string

  constructor(database: DatabaseSync, cursor: string) {
    this.#database = database
    this.#cursor = cursor
    this.#transact(() => {
      if (this.#value(cursor) !== undefined) return
      database.exec("DELETE FROM indexed; DELETE FROM not_indexed; DELETE FROM cursors WHERE name LIKE 'values %'")
      this.#move(cursor, 0)
    })
  }

  /**
   * The next accepted document of partners that do not wait for turns; undefined when there is none
   * yet. Below the cursor of the ledger each acceptance has its row.
   */
  next(): NextDocument | undefined {
    return onDatabase('read the desk', () => {
      const end = this.#value('ledger') ?? 0
      const slow = this.slow()
      const others = slow.length === 0 ? '' : `AND IFNULL(partner, 0) NOT IN (${slow.map(() => '?').join(', ')})`
      const row = this.#find(others, this.#value(this.#cursor) ?? 0, end, ...slow)
      // What was looked through is not looked through again.
      if (row === undefined && (this.#value(this.#cursor) ?? 0) < end) this.#move(this.#cursor, end)
      return row
    })
  }

  /**
   * The next of a partner that waits for its turns, of what the others are past; when there is none
   * it waits no longer.
   */
  nextOf(partner: number): NextDocument | undefined {
    return onDatabase('read the desk', () => {
      const cursor = this.#cursorOf(partner)
      const from = this.#value(cursor)
      const row = from && this.#find('AND IFNULL(partner, 0) = ?', from, this.#value(this.#cursor) ?? 0, partner)
      if (!row) this.#database.prepare('DELETE FROM cursors WHERE name = ?').run(cursor)
      return row || undefined
    })
  }

  /** Partners whose documents wait for turns of their own. */
  slow(): number[] {
    const begin = this.#cursorOf('')
    const sql = 'SELECT name FROM cursors WHERE name > ? AND name < ? ORDER BY name'
    const rows = onDatabase('read the desk', () => this.#database.prepare(sql).all(begin, `${begin}:`))
    return rows.map(({ name }) => Number(String(name).slice(begin.length)))
  }

  /** From the document behind this one on, those of the partner wait for turns of their own. */
  wait({ index, partner }: NextDocument): void {
    this.#transact(() => this.#move(this.#cursorOf(partner), index + 1))
  }

  /** Crash before: the document is next again. */
  enter({ index, partner }: NextDocument, { values, reasons }: FoundValues): void {
    this.#transact(() => {
      const row = this.#database.prepare('SELECT position FROM facts WHERE leaf_index = ?').get(index)
      const terms = new Terms(this.#database)
      const insert = this.#database.prepare('INSERT OR IGNORE INTO indexed (name, value, position) VALUES (?, ?, ?)')
      const explain = this.#database.prepare(
        'INSERT OR REPLACE INTO not_indexed (position, name, reason) VALUES (?, ?, ?)',
      )
      if (row !== undefined) {
        for (const [name, value] of values) insert.run(terms.enter(name), value, Number(row.position))
        for (const [name, reason] of reasons) explain.run(Number(row.position), name, reason)
      }
      const own = this.#cursorOf(partner)
      this.#move(this.#value(own) === undefined ? this.#cursor : own, index + 1)
    })
  }

  close(): void {
    this.#database.close()
  }

  #value(cursor: string): number | undefined {
    const row = this.#database.prepare('SELECT value FROM cursors WHERE name = ?').get(cursor)
    return row === undefined ? undefined : Number(row.value)
  }

  #find(and: string, from: number, end: number, ...values: readonly number[]): NextDocument | undefined {
    const row = this.#database
      .prepare(
        `SELECT leaf_index, partner FROM facts WHERE leaf_index >= ? AND leaf_index < ?
        AND +outcome = (SELECT id FROM terms WHERE text = 'accepted') ${and} ORDER BY leaf_index LIMIT 1`,
      )
      .get(from, end, ...values)
    return row && { index: Number(row.leaf_index), partner: Number(row.partner) }
  }

  #cursorOf(partner: number | ''): string {
    return `${this.#cursor} of ${partner}`
  }

  #move(cursor: string, value: number): void {
    this.#database
      .prepare(
        'INSERT INTO cursors (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      )
      .run(cursor, value)
  }

  #transact(work: () => void): void {
    onDatabase('write values into the desk', () => transact(this.#database, work))
  }
}
