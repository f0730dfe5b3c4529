// Answers to acts with an Idempotency-Key, kept for a day: what is asked for again is answered, and
// not done again.
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { Fault } from '@seg/core'
import { type Migrations, onDatabase, openDatabase, transact } from '@seg/ledger'

/** Milliseconds that an answer is kept, and how many of one operator and of all. */
export const KEPT_TIME = 24 * 3600 * 1000
const MOST_OF_ONE = 1000
const MOST = 20_000

const migrations: Migrations = {
  '0001-answers': [
    // `caller` and `key` are hashes; `answer` is null until the act has ended, and encrypted with
    // what only the caller knows: it may hold a new API key.
    `CREATE TABLE answers (
      caller BLOB NOT NULL,
      key BLOB NOT NULL,
      request BLOB NOT NULL,
      at INTEGER NOT NULL,
      run TEXT NOT NULL,
      answer BLOB,
      PRIMARY KEY (caller, key)
    ) WITHOUT ROWID`,
    'CREATE INDEX answers_at ON answers (at)',
  ],
  // Whoever logs in anew has another credential, and is one operator.
  '0002-owners': [
    "ALTER TABLE answers ADD COLUMN owner BLOB NOT NULL DEFAULT x''",
    'CREATE INDEX answers_owner ON answers (owner)',
  ],
}

export type KeptAnswer = { readonly status: number; readonly type: string; readonly body: string }

/** `secret`: the credential's text. `request`: all that the act depends on. */
export type KeyedAct = {
  readonly secret: string
  /** Id of the operator. */
  readonly owner: string
  readonly key: string
  readonly request: string
  readonly at: number
}

/** Throws the Fault `storage-unavailable`. */
export async function openAnswerStore(folder: string): Promise<AnswerStore> {
  return new AnswerStore(await openDatabase(join(folder, 'answers.sqlite'), migrations))
}

export class AnswerStore {
  readonly #database: DatabaseSync
  readonly #run = randomBytes(8).toString('hex')

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /**
   * The answer of the first time; undefined when this is it: the caller acts, then calls `end`.
   * Crash before: nothing was done. After: whether it was done is not known, and nobody does it
   * under this key. Throws the Faults `idempotency-key-reused`, `idempotency-pending` and
   * `overloaded`.
   */
  begin(asking: KeyedAct): KeptAnswer | undefined {
    const { caller, owner, key, request } = hashesOf(asking)
    return this.#change(() => {
      this.#statement('DELETE FROM answers WHERE at < ?').run(asking.at - KEPT_TIME)
      const found = this.#statement('SELECT * FROM answers WHERE caller = ? AND key = ?').get(caller, key)
      if (found === undefined) {
        this.#refuseMore(owner)
        const sql = 'INSERT INTO answers (caller, owner, key, request, at, run) VALUES (?, ?, ?, ?, ?, ?)'
        this.#statement(sql).run(caller, owner, key, request, asking.at, this.#run)
        return undefined
      }
      if (!request.equals(found.request as Uint8Array))
        throw new Fault('idempotency-key-reused', 'expected the request of this Idempotency-Key, found another one')
      if (found.answer !== null) return open(found.answer as Uint8Array, asking)
      const since = `since ${new Date(Number(found.at)).toISOString()}`
      const detail =
        found.run === this.#run
          ? `the same request is under way ${since}`
          : `the listener ended during the same request, ${since}: whether it was done, the audit trail says`
      throw new Fault('idempotency-pending', detail)
    })
  }

  /** Crash before: as in `begin`. After: the same answer again. Without one the key is free. */
  end(asking: KeyedAct, answer: KeptAnswer | undefined): void {
    const { caller, key } = hashesOf(asking)
    this.#change(() => {
      if (answer === undefined) this.#statement('DELETE FROM answers WHERE caller = ? AND key = ?').run(caller, key)
      else
        this.#statement('UPDATE answers SET answer = ? WHERE caller = ? AND key = ?').run(
          seal(answer, asking),
          caller,
          key,
        )
    })
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close()
  }

  #refuseMore(owner: Buffer): void {
    const own = this.#statement('SELECT COUNT(*) AS count FROM answers WHERE owner = ?').get(owner)
    const all = this.#statement('SELECT COUNT(*) AS count FROM answers').get()
    if (Number(own?.count) >= MOST_OF_ONE || Number(all?.count) >= MOST)
      throw new Fault('overloaded', `so many acts with an Idempotency-Key are kept for a day that no more may be`)
  }

  #statement(sql: string) {
    return this.#database.prepare(sql)
  }

  #change<Result>(work: () => Result): Result {
    return onDatabase('keep the answer to an act', () => transact(this.#database, work))
  }
}

function hashesOf({ secret, owner, key, request }: KeyedAct) {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return {
    caller: hash(`caller ${secret}`),
    owner: hash(`owner ${owner}`),
    key: hash(`key ${key}`),
    // A request may have a password: without the secret nobody finds it by trying.
    request: hash(`request ${secret} ${request}`),
  }
}

/** From both: a reader of the database has neither. */
function cipherKey({ secret, key }: KeyedAct): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, key, 'seg answer', 32))
}

function seal(answer: KeptAnswer, asking: KeyedAct): Buffer {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', cipherKey(asking), nonce)
  const octets = Buffer.concat([cipher.update(JSON.stringify(answer)), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), octets])
}

function open(sealed: Uint8Array, asking: KeyedAct): KeptAnswer {
  const octets = Buffer.from(sealed)
  const decipher = createDecipheriv('aes-256-gcm', cipherKey(asking), octets.subarray(0, 12))
  decipher.setAuthTag(octets.subarray(12, 28))
  const text = Buffer.concat([decipher.update(octets.subarray(28)), decipher.final()]).toString()
  return JSON.parse(text) as KeptAnswer
}
