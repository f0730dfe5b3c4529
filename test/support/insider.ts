// An insider: whoever has all keys of a receiver, and writes any ledger that fits together.
import { createHash, createPrivateKey, type KeyObject, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { loadIdentity, logName } from '@seg/pki'
import { openReceiptSeal, type ReceiptFacts } from '@seg/xmldsig'
import {
  hashLeaf,
  type LogEvent,
  type Opening,
  openCheckpointSigner,
  writeEntry,
} from '../../packages/ledger/src/index.ts'
import { inclusionProof, rangeHash } from '../independent/merkle.ts'

/** What is stored with an acceptance; `chain` in DER, from the sender's certificate to the CA's. */
export type StoredDocument = { readonly octets: Buffer; readonly chain: readonly Buffer[] | undefined }

export type StoredEntry = {
  readonly leaf: Buffer
  readonly opening: Opening | undefined
  readonly document: StoredDocument | undefined
  readonly erasedAt?: string
  /** Changes what its receipt says. */
  readonly lie?: Partial<ReceiptFacts>
}

/** A key of the log, for the checkpoints of trees larger than `from`. */
export type InsiderKey = { readonly from: number; readonly verifierKey: string; readonly privateKey: KeyObject }

/** An entry as the product writes it. */
export function makeEntry(event: LogEvent, document?: StoredDocument): StoredEntry {
  const { leaf, ...opening } = writeEntry(event, randomBytes(32))
  return { leaf, opening, document }
}

/** An entry with any facts, in the order in which they are given. */
export function makeRawEntry(
  shown: { type: string; at: string },
  facts: object,
  document?: StoredDocument,
): StoredEntry {
  const opening = { facts: Buffer.from(JSON.stringify(facts)), nonce: randomBytes(32) }
  return { ...commitTo(shown, opening), document }
}

export function commitTo({ type, at }: { type: string; at: string }, opening: Opening) {
  const facts = createHash('sha256').update(opening.nonce).update(opening.facts).digest('base64')
  return { leaf: Buffer.from(JSON.stringify({ v: 2, type, at, facts })), opening }
}

export function shownOf({ leaf }: StoredEntry): { v: number; type: string; at: string } & Record<string, unknown> {
  return JSON.parse(leaf.toString())
}

export function factsOf({ leaf, opening }: StoredEntry): Record<string, unknown> {
  return JSON.parse((opening?.facts ?? leaf).toString())
}

function open<Result>(data: string, use: (database: DatabaseSync) => Result): Result {
  const database = new DatabaseSync(join(data, 'ledger.sqlite'), { enableForeignKeyConstraints: false })
  try {
    return use(database)
  } finally {
    database.close()
  }
}

const octets = (value: unknown) => Buffer.from(value as Uint8Array)

export function readLedger(data: string): StoredEntry[] {
  return open(data, database => {
    const certificate = database.prepare('SELECT der FROM certificates WHERE fingerprint = ?')
    const rows = database
      .prepare(
        `SELECT t.leaf, t.facts, t.nonce, c.octets, h.fingerprints FROM transactions t
         LEFT JOIN documents d ON d.leaf_index = t.leaf_index LEFT JOIN contents c ON c.leaf_index = t.leaf_index
         LEFT JOIN chains h ON h.id = d.chain ORDER BY t.leaf_index`,
      )
      .all()
    return rows.map(row => {
      const chain = row.fingerprints === null ? [] : String(row.fingerprints).split(',')
      const document = row.octets && {
        octets: octets(row.octets),
        chain: chain.map(fingerprint => octets(certificate.get(fingerprint)!.der)),
      }
      const opening = row.facts === null ? undefined : { facts: octets(row.facts), nonce: octets(row.nonce) }
      return { leaf: octets(row.leaf), opening, document: document || undefined }
    })
  })
}

/** Writes the ledger again: each tree, checkpoint and receipt is of these entries; below 256. */
export async function writeLedger(
  data: string,
  certs: string,
  entries: readonly StoredEntry[],
  keys: readonly InsiderKey[],
  stored: readonly Pick<InsiderKey, 'from' | 'verifierKey'>[] = keys,
): Promise<void> {
  const seal = await loadIdentity(certs, 'seal')
  const sealReceipt = openReceiptSeal({ key: createPrivateKey(seal.keyPem), certificate: seal.certificate })
  const hash = rangeHash(entries.map(({ leaf }) => hashLeaf(leaf)))
  open(data, database => {
    const run = (sql: string, ...values: (string | number | null | Uint8Array)[]) =>
      database.prepare(sql).run(...values)
    database.exec('BEGIN')
    for (const table of (
      'dead_letters receipts contents content_files documents chains ' +
      'certificates transactions tiles checkpoints log_keys cursors'
    ).split(' '))
      database.exec(`DELETE FROM ${table}`)
    for (const { from, verifierKey } of stored) run('INSERT INTO log_keys VALUES (?, ?)', from, verifierKey)
    for (const [index, entry] of entries.entries()) {
      const { leaf, opening, document, erasedAt = null, lie } = entry
      const { v, type, at } = shownOf(entry)
      const facts: Record<string, unknown> = erasedAt === null ? factsOf(entry) : {}
      const column = (name: string) => (typeof facts[name] === 'string' ? (facts[name] as string) : null)
      const code = type === 'conflict' && erasedAt === null ? 'document-id-conflict' : column('code')
      run(
        'INSERT INTO transactions (leaf_index, at, type, sender, document_id, code, leaf, facts, nonce, erased_at) ' +
          'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        ...[index, at, type, column('sender'), column('document'), code, leaf],
        ...[opening?.facts ?? null, opening?.nonce ?? null, erasedAt],
      )
      const size = index + 1
      const key = keys.findLast(({ from }) => from < size) ?? keys[0]!
      const name = logName(seal.id)
      const checkpoint = openCheckpointSigner({ name, privateKey: key.privateKey })({ size, root: hash(0, size) })
      run('INSERT INTO checkpoints VALUES (?, ?)', size, checkpoint)
      if (document === undefined) continue
      const text = (name: string) => String(facts[name])
      const sha256 = Buffer.from(text('sha256'), 'base64')
      run(
        'INSERT INTO documents (leaf_index, sender, document_id, accepted_at, ' +
          'bytes, sha256, reference_digest, chain) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        ...[
          index,
          text('sender'),
          text('document'),
          at,
          Number(facts.bytes),
          sha256.toString('hex'),
          text('reference'),
        ],
        document.chain === undefined || v === 1 ? null : keepChain(document.chain),
      )
      run('INSERT INTO contents VALUES (?, ?)', index, document.octets)
      const receipt: ReceiptFacts = {
        receiverId: seal.id,
        senderId: text('sender'),
        documentId: text('document'),
        documentDigest: sha256,
        referenceDigest: Buffer.from(text('reference'), 'base64'),
        acceptedAt: at,
        logEntry: { index, treeSize: size, leaf, opening, proof: inclusionProof(index, size, hash), checkpoint },
        ...lie,
      }
      run('INSERT INTO receipts VALUES (?, ?)', index, sealReceipt(receipt))
    }
    database.exec('COMMIT')

    function keepChain(chain: readonly Buffer[]): number {
      const fingerprints = chain.map(der => createHash('sha256').update(der).digest('hex'))
      for (const [i, der] of chain.entries())
        run('INSERT OR IGNORE INTO certificates VALUES (?, ?)', fingerprints[i]!, der)
      run('INSERT OR IGNORE INTO chains (fingerprints) VALUES (?)', fingerprints.join())
      return Number(database.prepare('SELECT id FROM chains WHERE fingerprints = ?').get(fingerprints.join())!.id)
    }
  })
}
