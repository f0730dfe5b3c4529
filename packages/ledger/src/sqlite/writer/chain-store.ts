// Keeps each certificate and each chain once, in the transaction of the first document that it
// verified.
import type { DatabaseSync } from 'node:sqlite'
import type { SentChain } from '../../batch/requests.ts'
import { splitFingerprints } from '../../certificate-chain.ts'

/** Chains remembered; one more and the database is asked again. */
const REMEMBERED = 4096

export class ChainStore {
  readonly #statements: ReturnType<typeof prepareStatements>
  /** Rows by fingerprints; some may be of the transaction under way. */
  readonly #known = new Map<string, number>()

  constructor(database: DatabaseSync) {
    this.#statements = prepareStatements(database)
  }

  /** The row of a chain that is stored, or is from here on. */
  keep({ fingerprints, certificates }: SentChain): number {
    const known = this.#known.get(fingerprints)
    if (known !== undefined) return known
    const row = this.#find(fingerprints) ?? this.#insert(fingerprints, certificates)
    if (this.#known.size >= REMEMBERED) this.#known.clear()
    this.#known.set(fingerprints, row)
    return row
  }

  /** The transaction was undone: what it wrote is not there. */
  forget(): void {
    this.#known.clear()
  }

  #find(fingerprints: string): number | undefined {
    const row = this.#statements.find.get(fingerprints)
    return row && Number(row.id)
  }

  #insert(fingerprints: string, certificates: readonly string[] | undefined): number {
    if (certificates === undefined) throw new TypeError('a chain that is not kept came without its certificates')
    for (const [i, fingerprint] of splitFingerprints(fingerprints).entries())
      this.#statements.insertCertificate.run(fingerprint, Buffer.from(certificates[i]!, 'base64'))
    return Number(this.#statements.insertChain.run(fingerprints).lastInsertRowid)
  }
}

function prepareStatements(database: DatabaseSync) {
  return {
    find: database.prepare('SELECT id FROM chains WHERE fingerprints = ?'),
    insertCertificate: database.prepare(
      'INSERT INTO certificates (fingerprint, der) VALUES (?, ?) ON CONFLICT (fingerprint) DO NOTHING',
    ),
    insertChain: database.prepare('INSERT INTO chains (fingerprints) VALUES (?)'),
  }
}
