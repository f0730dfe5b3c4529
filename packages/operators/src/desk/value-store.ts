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
      this.#move(0)
    })
  }

  /**
   * The index of the next accepted document; undefined when there is none yet. Below the cursor of
   * the ledger each acceptance has its row.
   */
  next(): number | undefined {
    return onDatabase('read the desk', () => {
      const end = this.#value('ledger') ?? 0
      const row = this.#database
        .prepare(
          `SELECT leaf_index FROM facts WHERE leaf_index >= ? AND leaf_index < ?
          AND +outcome = (SELECT id FROM terms WHERE text = 'accepted') ORDER BY leaf_index LIMIT 1`,
        )
        .get(this.#value(this.#cursor) ?? 0, end)
      if (row !== undefined) return Number(row.leaf_index)
      // What was looked through is not looked through again.
      if ((this.#value(this.#cursor) ?? 0) < end) this.#move(end)
      return undefined
    })
  }

  /** Crash before: the document is next again. */
  enter(index: number, { values, reasons }: FoundValues): void {
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
      this.#move(index + 1)
    })
  }

  close(): void {
    this.#database.close()
  }

  #value(cursor: string): number | undefined {
    const row = this.#database.prepare('SELECT value FROM cursors WHERE name = ?').get(cursor)
    return row === undefined ? undefined : Number(row.value)
  }

  #move(value: number): void {
    this.#database
      .prepare(
        'INSERT INTO cursors (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      )
      .run(this.#cursor, value)
  }

  #transact(work: () => void): void {
    onDatabase('write values into the desk', () => transact(this.#database, work))
  }
}
