// Reading the ledger, in any process, beside its writer: only what is committed is seen.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { Fault, quote } from '@seg/core'
import { fingerprintOf, splitFingerprints } from '../certificate-chain.ts'
import { readDeadLetter, readDocument } from '../document-rows.ts'
import { digestFile, type ReadOptions, readFileChunks } from '../files/file-chunks.ts'
import type {
  AcceptedDocument,
  DeadLetter,
  DeadLetterPlace,
  LedgerReader,
  LogReader,
  NewestOfSender,
  StoredInHour,
} from '../ledger.ts'
import type { LogEvent } from '../log/events.ts'
import { type Opening, readEntry } from '../log/leaf.ts'
import { onDatabase } from './database-fault.ts'
import { SqliteLogReader } from './sqlite-log-reader.ts'
import { asBuffer } from './writer/open-tree.ts'

const CONTENTS = 'contents'
/** Rows of a list read at a time, so that others get their turn. */
const PAGE = 500
const newestOf =
  'SELECT sender, (SELECT MAX(leaf_index) FROM documents ' +
  'WHERE sender = first.sender) AS leaf_index FROM documents AS first'
const columns = 'leaf_index, sender, document_id, accepted_at, bytes, sha256, reference_digest'
const deadLetters = `SELECT ${columns.replace('leaf_index', 'documents.leaf_index')}, cursor, at, reason
  FROM dead_letters JOIN documents ON documents.leaf_index = dead_letters.leaf_index`

type Row = Readonly<Record<string, unknown>>

/** Where the files of large documents are. */
export function contentsFolder(folder: string): string {
  return join(folder, CONTENTS)
}

export class SqliteReader implements LedgerReader {
  readonly log: LogReader
  readonly #folder: string
  readonly #database: DatabaseSync
  readonly #statements: ReturnType<typeof prepareStatements>

  constructor(folder: string, database: DatabaseSync) {
    this.#folder = folder
    this.#database = database
    this.#statements = prepareStatements(database)
    this.log = new SqliteLogReader(database)
  }

  async find(sender: string, id: string): Promise<AcceptedDocument | undefined> {
    const row = this.#get('find', sender, id)
    return row && readDocument(row)
  }

  async receipt(sender: string, id: string): Promise<Buffer | undefined> {
    const row = this.#get('receipt', sender, id)
    return row && asBuffer(row.octets as Uint8Array)
  }

  async *list(): AsyncGenerator<AcceptedDocument> {
    for (let last = -1; ; ) {
      const rows = onDatabase('list the documents', () => this.#statements.list.all(last, PAGE))
      yield* rows.map(readDocument)
      if (rows.length < PAGE) return
      last = Number(rows.at(-1)!.leaf_index)
    }
  }

  async accepted(after: number, limit: number, sender?: string): Promise<AcceptedDocument[]> {
    const { list, listOfSender } = this.#statements
    return onDatabase('list the documents', () =>
      sender === undefined ? list.all(after, limit) : listOfSender.all(sender, after, limit),
    ).map(readDocument)
  }

  async newest(after: number): Promise<NewestOfSender[]> {
    if (after < 0) return this.#newestOfAll()
    return onDatabase('list the senders', () => this.#statements.newest.all(after)).map(readNewest)
  }

  async storedSince(time: string): Promise<StoredInHour[]> {
    const first = this.#firstSince(time)
    return onDatabase('add up the documents', () => this.#statements.stored.all(first)).map(row => ({
      sender: String(row.sender),
      hour: String(row.hour),
      documents: Number(row.documents),
      bytes: Number(row.bytes),
    }))
  }

  async *deadLetters(): AsyncGenerator<DeadLetter> {
    for (const row of onDatabase('list the dead letters', () => this.#statements.deadLetters.all()))
      yield readDeadLetter(row)
  }

  async deadLetterPage(limit: number, from: DeadLetterPlace): Promise<DeadLetter[]> {
    const { deadLettersBelow, deadLettersAbove } = this.#statements
    return onDatabase('list the dead letters', () =>
      'below' in from ? deadLettersBelow.all(from.below, limit) : deadLettersAbove.all(from.above, limit),
    ).map(readDeadLetter)
  }

  async chain(sender: string, id: string): Promise<readonly Buffer[] | undefined> {
    const row = this.#get('chain', sender, id)
    return row && splitFingerprints(String(row.fingerprints)).map(fingerprint => this.#certificate(fingerprint))
  }

  async event(index: number): Promise<LogEvent | undefined> {
    const row = this.#get('entry', index)
    return row && row.erased_at === null ? readEntry(octets(row.leaf), readOpening(row)) : undefined
  }

  async opening(index: number): Promise<Opening | undefined> {
    const row = this.#get('entry', index)
    return row && readOpening(row)
  }

  async cursor(name: string): Promise<number> {
    return Number(this.#get('cursor', name)?.leaf_index ?? -1)
  }

  async read(sender: string, id: string, options?: ReadOptions): Promise<AsyncIterable<Uint8Array> | undefined> {
    const document = await this.find(sender, id)
    if (document === undefined) return undefined
    const file = this.#get('contentFile', document.index)
    return file === undefined ? this.#readRow(document) : this.#readFile(document, String(file.name), options)
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close()
  }

  /**
   * From one sender to the next in the index: as many steps as there are senders, however many
   * documents.
   */
  #newestOfAll(): NewestOfSender[] {
    const found: NewestOfSender[] = []
    for (let row = this.#get('firstSender'); row !== undefined; row = this.#get('nextSender', found.at(-1)!.sender))
      found.push(readNewest(row))
    return found
  }

  /** By halves: acceptances follow one another in time, and no index of times is needed. */
  #firstSince(time: string): number {
    let before = -1
    let from = Number(this.#get('lastDocument')?.leaf_index ?? -1) + 1
    while (from - before > 1) {
      const middle = Math.floor((before + from) / 2)
      const row = this.#get('nextDocument', middle)
      if (row === undefined || String(row.accepted_at) >= time) from = middle
      else before = Number(row.leaf_index)
    }
    return from
  }

  #readRow(document: AcceptedDocument): AsyncIterable<Uint8Array> {
    const row = this.#get('content', document.index)
    const octets = row === undefined ? undefined : asBuffer(row.octets as Uint8Array)
    checkDigest(document, octets === undefined ? 'nothing' : createHash('sha256').update(octets).digest('hex'))
    return (async function* () {
      yield octets!
    })()
  }

  async #readFile(
    document: AcceptedDocument,
    name: string,
    options: ReadOptions | undefined,
  ): Promise<AsyncIterable<Uint8Array>> {
    const path = join(contentsFolder(this.#folder), name)
    checkDigest(document, await digestFile(path))
    return readFileChunks(path, options)
  }

  #certificate(fingerprint: string): Buffer {
    const row = this.#get('certificate', fingerprint)
    const der = row && asBuffer(row.der as Uint8Array)
    if (der !== undefined && fingerprintOf(der) === fingerprint) return der
    throw new Fault(
      'storage-unavailable',
      `the stored certificate ${quote(fingerprint)} is ${der ? 'damaged' : 'gone'}`,
    )
  }

  #get(name: keyof ReturnType<typeof prepareStatements>, ...parameters: readonly (string | number)[]): Row | undefined {
    return onDatabase('read the ledger', () => this.#statements[name].get(...parameters))
  }
}

function prepareStatements(database: DatabaseSync) {
  return {
    find: database.prepare(`SELECT ${columns} FROM documents WHERE sender = ? AND document_id = ?`),
    list: database.prepare(`SELECT ${columns} FROM documents WHERE leaf_index > ? ORDER BY leaf_index LIMIT ?`),
    listOfSender: database.prepare(
      `SELECT ${columns} FROM documents WHERE sender = ? AND leaf_index > ? ORDER BY leaf_index LIMIT ?`,
    ),
    firstSender: database.prepare(`${newestOf} ORDER BY sender LIMIT 1`),
    nextSender: database.prepare(`${newestOf} WHERE sender > ? ORDER BY sender LIMIT 1`),
    // By the primary key: the index of senders would be read from end to end.
    newest: database.prepare(
      'SELECT sender, MAX(leaf_index) AS leaf_index FROM documents NOT INDEXED WHERE leaf_index > ? GROUP BY sender',
    ),
    lastDocument: database.prepare('SELECT MAX(leaf_index) AS leaf_index FROM documents'),
    nextDocument: database.prepare(
      'SELECT leaf_index, accepted_at FROM documents WHERE leaf_index >= ? ORDER BY leaf_index LIMIT 1',
    ),
    stored: database.prepare(
      `SELECT sender, substr(accepted_at, 1, 13) AS hour, COUNT(*) AS documents, SUM(bytes) AS bytes
      FROM documents NOT INDEXED WHERE leaf_index >= ? GROUP BY sender, hour`,
    ),
    deadLetters: database.prepare(`${deadLetters} ORDER BY documents.leaf_index, cursor`),
    deadLettersBelow: database.prepare(
      `${deadLetters} WHERE dead_letters.leaf_index IN (SELECT DISTINCT leaf_index FROM dead_letters
      WHERE leaf_index < ? ORDER BY leaf_index DESC LIMIT ?) ORDER BY documents.leaf_index DESC, cursor`,
    ),
    deadLettersAbove: database.prepare(
      `${deadLetters} WHERE dead_letters.leaf_index IN (SELECT DISTINCT leaf_index FROM dead_letters
      WHERE leaf_index > ? ORDER BY leaf_index LIMIT ?) ORDER BY documents.leaf_index DESC, cursor`,
    ),
    receipt: database.prepare(
      'SELECT octets FROM receipts JOIN documents ON documents.leaf_index = receipts.leaf_index ' +
        'WHERE sender = ? AND document_id = ?',
    ),
    chain: database.prepare(
      'SELECT fingerprints FROM chains JOIN documents ON documents.chain = chains.id ' +
        'WHERE sender = ? AND document_id = ?',
    ),
    entry: database.prepare('SELECT leaf, facts, nonce, erased_at FROM transactions WHERE leaf_index = ?'),
    certificate: database.prepare('SELECT der FROM certificates WHERE fingerprint = ?'),
    content: database.prepare('SELECT octets FROM contents WHERE leaf_index = ?'),
    cursor: database.prepare('SELECT leaf_index FROM cursors WHERE name = ?'),
    contentFile: database.prepare('SELECT name FROM content_files WHERE leaf_index = ?'),
  }
}

function readOpening({ facts, nonce }: Row): Opening | undefined {
  return facts === null ? undefined : { facts: octets(facts), nonce: octets(nonce) }
}

function readNewest({ sender, leaf_index }: Row): NewestOfSender {
  return { sender: String(sender), index: Number(leaf_index) }
}

function octets(value: unknown): Buffer {
  return asBuffer(value as Uint8Array)
}

function checkDigest({ id, sha256 }: AcceptedDocument, found: string): void {
  if (found === sha256) return
  throw new Fault(
    'storage-unavailable',
    `the stored document ${quote(id)} is damaged: expected SHA-256 ${sha256}, found ${found}`,
  )
}
