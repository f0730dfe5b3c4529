// Keeps each certificate and each chain once, in the transaction of the first document that it
// verified.
import type { NewAcceptance } from '../../batch/compose-batch.ts'
import { splitFingerprints } from '../../certificate-chain.ts'
import type { PostgresConnection } from '../connect.ts'

/** Chains remembered; one more and the database is asked again. */
const REMEMBERED = 4096

export class ChainRows {
  /** Rows by fingerprints; some may be of the transaction under way. */
  readonly #known = new Map<string, number>()

  /** Those of these acceptances are stored, or are from here on. */
  async keep(connection: PostgresConnection, acceptances: readonly NewAcceptance[]): Promise<void> {
    if (this.#known.size >= REMEMBERED) this.#known.clear()
    for (const fingerprints of new Set(acceptances.map(({ chain }) => chain.fingerprints))) {
      if (this.#known.has(fingerprints)) continue
      const sent = acceptances.find(
        ({ chain }) => chain.fingerprints === fingerprints && chain.certificates !== undefined,
      )
      const certificates = sent?.chain.certificates
      const row = (await this.#find(connection, fingerprints)) ?? (await insert(connection, fingerprints, certificates))
      this.#known.set(fingerprints, row)
    }
  }

  rowOf(fingerprints: string): number {
    const row = this.#known.get(fingerprints)
    if (row === undefined) throw new TypeError('a chain was not kept before its document')
    return row
  }

  /** The transaction was undone: what it wrote is not there. */
  forget(): void {
    this.#known.clear()
  }

  async #find(connection: PostgresConnection, fingerprints: string): Promise<number | undefined> {
    const [row] = await connection.rows('SELECT id FROM chains WHERE fingerprints = $1', [fingerprints])
    return row && Number(row.id)
  }
}

async function insert(
  connection: PostgresConnection,
  fingerprints: string,
  certificates: readonly string[] | undefined,
): Promise<number> {
  if (certificates === undefined) throw new TypeError('a chain that is not kept came without its certificates')
  await connection.rows(
    `INSERT INTO certificates (fingerprint, der)
    SELECT f, decode(c, 'base64') FROM unnest($1::text[], $2::text[]) AS u (f, c)
    ON CONFLICT (fingerprint) DO NOTHING`,
    [splitFingerprints(fingerprints), certificates],
  )
  const [row] = await connection.rows('INSERT INTO chains (fingerprints) VALUES ($1) RETURNING id', [fingerprints])
  return Number(row!.id)
}
