// Reading the ledger on PostgreSQL, in any process, beside its writers.
import { createHash } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import { fingerprintOf, splitFingerprints } from '../certificate-chain.ts'
import { readDeadLetter, readDocument } from '../document-rows.ts'
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
import type { PostgresRow } from './connect.ts'
import { PostgresConnections } from './connections.ts'
import { PostgresLogReader } from './postgres-log-reader.ts'
import type { PostgresPlace } from './postgres-place.ts'

/** Rows of a list read at a time. */
const PAGE = 500
/** Connections, so that a large document does not make others wait. */
const CONNECTIONS = 4
/** Milliseconds. */
const PATIENCE = 10_000

const columns = 'leaf_index, sender, document_id, accepted_at, bytes, sha256, reference_digest'
const deadLetters = `SELECT d.leaf_index, sender, document_id, accepted_at, bytes, sha256, reference_digest,
    cursor, at, reason
  FROM dead_letters l JOIN documents d ON d.leaf_index = l.leaf_index`
/** From one sender to the next in the index: as many steps as there are senders. */
const newestOfAll = `WITH RECURSIVE senders AS (
    (SELECT sender FROM documents ORDER BY sender LIMIT 1)
    UNION ALL
    SELECT (SELECT d.sender FROM documents d WHERE d.sender > s.sender ORDER BY d.sender LIMIT 1)
    FROM senders s WHERE s.sender IS NOT NULL
  )
  SELECT sender, (SELECT MAX(d.leaf_index) FROM documents d WHERE d.sender = s.sender) AS leaf_index
  FROM senders s WHERE sender IS NOT NULL`

export class PostgresReader implements LedgerReader {
  readonly log: LogReader
  readonly #connections: PostgresConnections

  constructor(place: PostgresPlace) {
    this.#connections = new PostgresConnections(place, { purpose: 'reader', patience: PATIENCE }, CONNECTIONS)
    this.log = new PostgresLogReader(this.#connections)
  }

  async find(sender: string, id: string): Promise<AcceptedDocument | undefined> {
    const row = await this.#row(`SELECT ${columns} FROM documents WHERE sender = $1 AND document_id = $2`, sender, id)
    return row && readDocument(row)
  }

  async receipt(sender: string, id: string): Promise<Buffer | undefined> {
    const row = await this.#row(
      'SELECT octets FROM receipts r JOIN documents d ON d.leaf_index = r.leaf_index ' +
        'WHERE sender = $1 AND document_id = $2',
      sender,
      id,
    )
    return row && (row.octets as Buffer)
  }

  async *list(): AsyncGenerator<AcceptedDocument> {
    for (let last = -1; ; ) {
      const documents = await this.accepted(last, PAGE)
      yield* documents
      if (documents.length < PAGE) return
      last = documents.at(-1)!.index
    }
  }

  async accepted(after: number, limit: number, sender?: string): Promise<AcceptedDocument[]> {
    if (hasNul(sender)) return []
    const rows = await this.#connections.rows(
      'list the documents',
      `SELECT ${columns} FROM documents WHERE leaf_index > $1 ${sender === undefined ? '' : 'AND sender = $3'}
      ORDER BY leaf_index LIMIT $2`,
      [after, limit, ...(sender === undefined ? [] : [sender])],
    )
    return rows.map(readDocument)
  }

  async newest(after: number): Promise<NewestOfSender[]> {
    const rows = await (after < 0
      ? this.#connections.rows('list the senders', newestOfAll)
      : this.#connections.rows(
          'list the senders',
          'SELECT sender, MAX(leaf_index) AS leaf_index FROM documents WHERE leaf_index > $1 GROUP BY sender',
          [after],
        ))
    return rows.map(({ sender, leaf_index }) => ({ sender: String(sender), index: Number(leaf_index) }))
  }

  async storedSince(time: string): Promise<StoredInHour[]> {
    const rows = await this.#connections.rows(
      'add up the documents',
      `SELECT sender, substr(accepted_at, 1, 13) AS hour, COUNT(*) AS documents, SUM(bytes) AS bytes
      FROM documents WHERE leaf_index >= $1 GROUP BY sender, hour`,
      [await this.#firstSince(time)],
    )
    return rows.map(({ sender, hour, documents, bytes }) => ({
      sender: String(sender),
      hour: String(hour),
      documents: Number(documents),
      bytes: Number(bytes),
    }))
  }

  async *deadLetters(): AsyncGenerator<DeadLetter> {
    const text = `${deadLetters} ORDER BY d.leaf_index, cursor`
    for (const row of await this.#connections.rows('list the dead letters', text)) yield readDeadLetter(row)
  }

  async deadLetterPage(limit: number, from: DeadLetterPlace): Promise<DeadLetter[]> {
    const [place, comparison, order] =
      'below' in from ? ([from.below, '<', 'DESC'] as const) : ([from.above, '>', 'ASC'] as const)
    const rows = await this.#connections.rows(
      'list the dead letters',
      `${deadLetters} WHERE l.leaf_index IN (SELECT DISTINCT leaf_index FROM dead_letters
      WHERE leaf_index ${comparison} $1 ORDER BY leaf_index ${order} LIMIT $2) ORDER BY d.leaf_index DESC, cursor`,
      [place, limit],
    )
    return rows.map(readDeadLetter)
  }

  async chain(sender: string, id: string): Promise<readonly Buffer[] | undefined> {
    const row = await this.#row(
      'SELECT fingerprints FROM chains c JOIN documents d ON d.chain = c.id WHERE sender = $1 AND document_id = $2',
      sender,
      id,
    )
    return row && Promise.all(splitFingerprints(String(row.fingerprints)).map(name => this.#certificate(name)))
  }

  async event(index: number): Promise<LogEvent | undefined> {
    const row = await this.#entry(index)
    return row && row.erased_at === null ? readEntry(row.leaf as Buffer, readOpening(row)) : undefined
  }

  async opening(index: number): Promise<Opening | undefined> {
    const row = await this.#entry(index)
    return row && readOpening(row)
  }

  async cursor(name: string): Promise<number> {
    return Number((await this.#row('SELECT leaf_index FROM cursors WHERE name = $1', name))?.leaf_index ?? -1)
  }

  async read(sender: string, id: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const document = await this.find(sender, id)
    if (document === undefined) return undefined
    const pieces = await readContent(this.#connections, document.index)
    const hash = createHash('sha256')
    for await (const piece of pieces()) hash.update(piece)
    const found = hash.digest('hex')
    if (found === document.sha256) return pieces()
    throw new Fault(
      'storage-unavailable',
      `the stored document ${quote(id)} is damaged: expected SHA-256 ${document.sha256}, found ${found}`,
    )
  }

  async close(): Promise<void> {
    await this.#connections.close()
  }

  /** By halves: acceptances follow one another in time, and no index of times is needed. */
  async #firstSince(time: string): Promise<number> {
    let before = -1
    let from = Number((await this.#row('SELECT MAX(leaf_index) AS last FROM documents'))?.last ?? -1) + 1
    while (from - before > 1) {
      const middle = Math.floor((before + from) / 2)
      const row = await this.#row(
        'SELECT leaf_index, accepted_at FROM documents WHERE leaf_index >= $1 ORDER BY leaf_index LIMIT 1',
        middle,
      )
      if (row === undefined || String(row.accepted_at) >= time) from = middle
      else before = Number(row.leaf_index)
    }
    return from
  }

  async #certificate(fingerprint: string): Promise<Buffer> {
    const row = await this.#row('SELECT der FROM certificates WHERE fingerprint = $1', fingerprint)
    const der = row && (row.der as Buffer)
    if (der !== undefined && fingerprintOf(der) === fingerprint) return der
    throw new Fault(
      'storage-unavailable',
      `the stored certificate ${quote(fingerprint)} is ${der ? 'damaged' : 'gone'}`,
    )
  }

  #entry(index: number): Promise<PostgresRow | undefined> {
    return this.#row('SELECT leaf, facts, nonce, erased_at FROM transactions WHERE leaf_index = $1', index)
  }

  async #row(text: string, ...values: readonly (string | number)[]): Promise<PostgresRow | undefined> {
    if (values.some(hasNul)) return undefined
    return (await this.#connections.rows('read the ledger', text, values))[0]
  }
}

/** PostgreSQL has no text with a NUL, and refuses to look for one. */
function hasNul(value: string | number | undefined): boolean {
  return typeof value === 'string' && value.includes('\0')
}

/** The octets of a document from their start, as often as they are asked for. */
export async function readContent(
  connections: PostgresConnections,
  index: number,
): Promise<() => AsyncIterable<Uint8Array>> {
  const ask = (text: string, ...values: readonly unknown[]) => connections.rows('read a document', text, values)
  const [row] = await ask(
    `SELECT c.octets, d.content_id FROM documents d LEFT JOIN contents c ON c.leaf_index = d.leaf_index
    WHERE d.leaf_index = $1`,
    index,
  )
  const { octets, content_id: id } = row ?? {}
  return async function* () {
    if (octets instanceof Uint8Array) return yield octets
    for (let n = 0; id !== null; n++) {
      const [piece] = await ask('SELECT octets FROM pieces WHERE content_id = $1 AND n = $2', id, n)
      if (piece === undefined) return
      yield piece.octets as Buffer
    }
  }
}

function readOpening({ facts, nonce }: PostgresRow): Opening | undefined {
  return facts === null ? undefined : { facts: facts as Buffer, nonce: nonce as Buffer }
}
