// A desk with very many rows, made by SQLite itself: no more than a few microseconds each.
import type { DatabaseSync } from 'node:sqlite'
import { Terms } from '../../packages/operators/src/desk/terms.ts'

const DAY = 24 * 3600 * 1000
const PARTNERS = 40
/** The document that was sent again and again, and nothing else was. */
export const REPLAYED = 'doc-replayed'
const codes = ['signature-digest', 'timestamp-stale', 'xml-malformed', 'receiver-mismatch', 'rate-limit'] as const
/** Rows of one statement. */
const STEP = 250_000

/**
 * Rows of ninety days up to `end`: of a hundred, 80 accepted, 12 delivered, 3 replayed, 4 refused,
 * and a connection that failed. Partner 0 has two thirds of what is accepted and delivered, from
 * one address, and nothing else. Partner 1 is refused with the first of the codes only.
 */
export function fillDesk(database: DatabaseSync, rows: number, end: number): void {
  const indexes = database
    .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'facts'")
    .all()
  for (const { name } of indexes) database.exec(`DROP INDEX ${name}`)
  const terms = new Terms(database)
  const id = (text: string) => terms.enter(text)!
  const partners = Array.from({ length: PARTNERS }, (_, i) => id(partnerName(i)))
  const [document, refusal, connection, delivery] = ['document', 'refusal', 'connection', 'delivery'].map(id)
  const [accepted, replayed, refused, failed, delivered] = [
    'accepted',
    'replayed',
    'refused',
    'failed',
    'delivered',
  ].map(id)
  const faults = codes.map(id)
  const tls = [id('TLSv1.3'), id('TLS_AES_256_GCM_SHA384')]
  const algorithms = ['http://www.w3.org/2001/10/xml-exc-c14n#', 'sha256', 'rsa-sha256'].map(id)
  // Terms follow one another: a number of the row chooses one.
  const [firstPartner, firstFault] = [partners[0]!, faults[0]!]
  const insert = database.prepare(`
    WITH RECURSIVE n (i) AS (SELECT CAST(? AS INTEGER) UNION ALL SELECT i + 1 FROM n WHERE i < ?),
    any AS (SELECT i, i * 7919 % 100 AS kind,
      i * 104729 / 100 % (3 * ${PARTNERS}) - 2 * ${PARTNERS} AS partner FROM n),
    row AS (SELECT i, kind,
      max(partner, CASE WHEN kind < 92 THEN 0 ELSE 1 + i / 1000 % ${PARTNERS - 1} END) AS partner FROM any)
    INSERT INTO facts SELECT
      (? - ${90 * DAY} + CAST(i * ? AS INTEGER)) * 4096 + i % 4096,
      CASE WHEN kind BETWEEN 80 AND 91 THEN ${delivery} WHEN kind < 95 THEN ${document} WHEN kind < 99 THEN ${refusal}
        ELSE ${connection} END,
      CASE WHEN kind < 80 THEN ${accepted} WHEN kind < 92 THEN ${delivered} WHEN kind < 95 THEN ${replayed}
        WHEN kind < 99 THEN ${refused} ELSE ${failed} END,
      1, CASE WHEN kind < 80 THEN i END, CASE WHEN kind BETWEEN 80 AND 91 THEN i END,
      CASE WHEN kind < 99 THEN ${firstPartner} + partner END,
      CASE WHEN kind < 92 THEN 'doc' || i WHEN kind < 95 THEN '${REPLAYED}' WHEN kind < 99 THEN 'doc' || i END,
      2500, randomblob(32),
      CASE WHEN kind BETWEEN 95 AND 98 THEN ${firstFault}
        + CASE WHEN partner = 1 THEN 0 ELSE i / 100 % ${codes.length} END END,
      CASE WHEN kind BETWEEN 95 AND 98 THEN 'expected this, found that' END,
      unhex(printf('%064x', partner)), ${tls}, NULL, ${algorithms}, 2200, 900, 300, 100, 2500, 4000,
      randomblob(16), '192.0.2.' || CASE WHEN partner = 0 THEN 0 ELSE 1 + i % 250 END, NULL, NULL, NULL
    FROM row`)
  for (let from = 0; from < rows; from += STEP)
    insert.run(from, Math.min(from + STEP, rows) - 1, end, (90 * DAY) / rows)
  for (const { sql } of indexes) database.exec(String(sql))
  database.exec(`INSERT INTO minutes
    SELECT position / 4096 / 60000, kind, outcome, COALESCE(partner, 0), COUNT(*), SUM(bytes)
    FROM facts GROUP BY 1, 2, 3, 4`)
  database.exec(`INSERT INTO hours
    SELECT minute / 60, kind, outcome, partner, SUM(events), SUM(bytes) FROM minutes GROUP BY 1, 2, 3, 4`)
  database.exec(`INSERT INTO days
    SELECT hour / 24, kind, outcome, partner, SUM(events), SUM(bytes) FROM hours GROUP BY 1, 2, 3, 4`)
}

export function partnerName(index: number): string {
  return `MINISTRY ${index}_SEG01`
}
