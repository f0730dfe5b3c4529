// Texts that stand in many rows, kept once, by number.
import type { DatabaseSync } from 'node:sqlite'

export class Terms {
  readonly #database: DatabaseSync
  readonly #ids = new Map<string, number>()
  readonly #texts = new Map<number, string>()
  readonly #quoted = new Map<number, string>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** The id of a text, which is entered if need be. */
  enter(text: string | undefined): number | null {
    if (text === undefined) return null
    return this.find(text) ?? this.#insert(text)
  }

  /** Undefined: no row has it. */
  find(text: string): number | undefined {
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    const row = this.#database.prepare('SELECT id FROM terms WHERE text = ?').get(text)
    return row && this.#remember(Number(row.id), text)
  }

  text(id: unknown): string | undefined {
    if (id === null || id === undefined || id === 0) return undefined
    const known = this.#texts.get(Number(id))
    if (known !== undefined) return known
    const row = this.#database.prepare('SELECT text FROM terms WHERE id = ?').get(Number(id))
    if (row === undefined) return undefined
    this.#remember(Number(id), String(row.text))
    return String(row.text)
  }

  /** As JSON; `null` where there is none. */
  quoted(id: unknown): string {
    const known = this.#quoted.get(Number(id))
    if (known !== undefined) return known
    const text = this.text(id)
    if (text === undefined) return 'null'
    this.#quoted.set(Number(id), JSON.stringify(text))
    return JSON.stringify(text)
  }

  /** After a transaction that was undone. */
  forget(): void {
    this.#ids.clear()
    this.#texts.clear()
    this.#quoted.clear()
  }

  #insert(text: string): number {
    const { lastInsertRowid } = this.#database.prepare('INSERT INTO terms (text) VALUES (?)').run(text)
    return this.#remember(Number(lastInsertRowid), text)
  }

  #remember(id: number, text: string): number {
    this.#ids.set(text, id)
    this.#texts.set(id, text)
    return id
  }
}
