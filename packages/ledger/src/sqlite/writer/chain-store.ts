// Keeps each certificate and each chain once, in the transaction of the first document that it
// verified.
import type { DatabaseSync } from 'node:sqlite'
import { splitFingerprints } from '../../certificate-chain.ts'

/**
 * A chain on its way to the writer: with its certificates, in base64, until a document of it is
 * known to be accepted.
 */
export type SentChain = { readonly fingerprints: string; readonly certificates: readonly string[] | undefined }

/** Row of a chain, and the SHA-256 of its first certificate in base64. */
type KeptChain = { readonly row: number; readonly certificate: string }

/** Characters of a SHA-256 in hexadecimal. */
const FINGERPRINT = 64
/** Chains remembered; one more and the database is asked again. */
const REMEMBERED = 4096

export class ChainStore {
  readonly #statements: ReturnType<typeof prepareStatements>
  /** By fingerprints; some may be of the transaction under way. */
  readonly #known = new Map<string, KeptChain>()

  constructor(database: DatabaseSync) {
    this.#statements = prepareStatements(database)
  }

  /** A chain that is stored, or is from here on. */
  keep({ fingerprints, certificates }: SentChain): KeptChain {
    const known = this.#known.get(fingerprints)
    if (known !== undefined) return known
    const row = this.#find(fingerprints) ?? this.#insert(fingerprints, certificates)
    const kept = { row, certificate: Buffer.from(fingerprints.slice(0, FINGERPRINT), 'hex').toString('base64') }
    if (this.#known.size >= REMEMBERED) this.#known.clear()
    this.#known.set(fingerprints, kept)
    return kept
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
