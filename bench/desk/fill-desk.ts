// A desk with very many rows, made by SQLite itself: no more than a few microseconds each.
import type { DatabaseSync } from 'node:sqlite'
import { deskMigrations } from '../../packages/operators/src/desk/desk-schema.ts'
import { Terms } from '../../packages/operators/src/desk/terms.ts'

const DAY = 24 * 3600 * 1000
export const PARTNERS = 40
const codes = ['signature-digest', 'timestamp-stale', 'xml-malformed', 'receiver-mismatch', 'rate-limit'] as const
/** Rows of one statement. */
const STEP = 250_000

/**
 * Rows of ninety days up to `end`: of a hundred, 92 accepted, 3 replayed, 4 refused, and a
 * connection that failed.
 */
export function fillDesk(database: DatabaseSync, rows: number, end: number): void {
  const indexes = deskMigrations['0001-desk']!.filter(statement => /^CREATE (UNIQUE )?INDEX/.test(statement))
  for (const statement of indexes) database.exec(`DROP INDEX ${/INDEX (\w+)/.exec(statement)![1]}`)
  const terms = new Terms(database)
  const id = (text: string) => terms.enter(text)!
  const partners = Array.from({ length: PARTNERS }, (_, i) => id(partnerName(i)))
  const [document, refusal, connection] = [id('document'), id('refusal'), id('connection')]
  const [accepted, replayed, refused, failed] = [id('accepted'), id('replayed'), id('refused'), id('failed')]
  const faults = codes.map(id)
  const tls = [id('TLSv1.3'), id('TLS_AES_256_GCM_SHA384')]
  const algorithms = ['http://www.w3.org/2001/10/xml-exc-c14n#', 'sha256', 'rsa-sha256'].map(id)
  // Terms follow one another: a number of the row chooses one.
  const [firstPartner, firstFault] = [partners[0]!, faults[0]!]
  const insert = database.prepare(`
    WITH RECURSIVE n (i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i < ?),
    row AS (SELECT i, i * 7919 % 100 AS kind, i * 104729 / 100 % ${PARTNERS} AS partner FROM n)
    INSERT INTO facts SELECT
      (? - ${90 * DAY} + CAST(i * ? AS INTEGER)) * 4096 + i % 4096,
      CASE WHEN kind < 95 THEN ${document} WHEN kind < 99 THEN ${refusal} ELSE ${connection} END,
      CASE WHEN kind < 92 THEN ${accepted} WHEN kind < 95 THEN ${replayed} WHEN kind < 99 THEN ${refused}
        ELSE ${failed} END,
      1, CASE WHEN kind < 92 THEN i END, NULL,
      CASE WHEN kind < 99 THEN ${firstPartner} + partner END,
      CASE WHEN kind < 99 THEN 'doc' || i END, 2500, randomblob(32),
      CASE WHEN kind BETWEEN 95 AND 98 THEN ${firstFault} + i / 100 % ${codes.length} END,
      CASE WHEN kind BETWEEN 95 AND 98 THEN 'expected this, found that' END,
      unhex(printf('%064x', partner)), ${tls}, NULL, ${algorithms}, 2200, 900, 300, 100, 2500, 4000,
      randomblob(16), '192.0.2.' || (i % 250), NULL, NULL, NULL
    FROM row`)
  for (let from = 0; from < rows; from += STEP)
    insert.run(from, Math.min(from + STEP, rows) - 1, end, (90 * DAY) / rows)
  for (const statement of indexes) database.exec(statement)
  database.exec(`INSERT INTO minutes
    SELECT position / 4096 / 60000, kind, outcome, COALESCE(partner, 0), COUNT(*), SUM(bytes)
    FROM facts GROUP BY 1, 2, 3, 4`)
}

export function partnerName(index: number): string {
  return `MINISTRY ${index}_SEG01`
}
