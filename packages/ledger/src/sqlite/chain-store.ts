// Keeps each certificate and each chain once, in the transaction of the first document that it verified.
import type { DatabaseSync } from 'node:sqlite'
import { splitFingerprints } from '../certificate-chain.ts'

/** A chain on its way to the writer: with its certificates, in base64, until a document of it is known to be accepted. */
export type SentChain = { readonly fingerprints: string; readonly certificates: readonly string[] | undefined }

/** Chains remembered; one more and the database is asked again. */
const REMEMBERED = 4096

export class ChainStore {
  readonly #statements: ReturnType<typeof prepareStatements>
  /** Rows by fingerprints; some may be of the transaction under way. */
  readonly #rows = new Map<string, number>()

  constructor(database: DatabaseSync) {
    this.#statements = prepareStatements(database)
  }

  /** The row of a chain, written if need be. */
  keep({ fingerprints, certificates }: SentChain): number {
    const known = this.#rows.get(fingerprints) ?? this.#find(fingerprints)
    const row = known ?? this.#insert(fingerprints, certificates)
    if (this.#rows.size >= REMEMBERED) this.#rows.clear()
    this.#rows.set(fingerprints, row)
    return row
  }

  /** The transaction was undone: what it wrote is not there. */
  forget(): void {
    this.#rows.clear()
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
