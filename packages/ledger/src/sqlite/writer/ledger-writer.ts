// The one writer: all requests that arrived during a commit become one transaction, under one
// checkpoint.
import type { DatabaseSync } from 'node:sqlite'
import { Fault, quote } from '@seg/core'
import type { AcceptedDocument, AcceptOptions, RecordedEvent, Sealer } from '../../ledger.ts'
import { type LogKey, openCheckpointSigner } from '../../log/checkpoint.ts'
import type { LogEvent } from '../../log/events.ts'
import { writeEntry } from '../../log/leaf.ts'
import type { LogTree } from '../../log/log-tree.ts'
import { hashLeaf, type TreeHead } from '../../log/merkle.ts'
import { openNonces } from '../../log/nonces.ts'
import { databaseFault, isFull } from '../database-fault.ts'
import { columnsOf } from '../entry-columns.ts'
import { ChainStore, type SentChain } from './chain-store.ts'
import { EntryTimes } from './entry-times.ts'
import { asBuffer, openTree } from './open-tree.ts'

/** The document in memory, or the name of its file, which is in place and on the disk already. */
export type StoredContent = { readonly octets: Uint8Array } | { readonly file: string }

export type WriteRequest =
  | ({
      readonly kind: 'accept'
      readonly document: Omit<AcceptedDocument, 'index'>
      readonly chain: SentChain
      readonly content: StoredContent
    } & AcceptOptions)
  | { readonly kind: 'record'; readonly event: RecordedEvent }
  | { readonly kind: 'rotate'; readonly event: RecordedEvent; readonly verifierKey: string }
  | { readonly kind: 'move'; readonly cursor: string; readonly index: number }
  | { readonly kind: 'reseal'; readonly data: unknown }
  | {
      readonly kind: 'give-up'
      readonly cursor: string
      readonly index: number
      readonly at: string
      readonly reason: string
    }

export type AcceptRequest = Extract<WriteRequest, { kind: 'accept' }>

export type WriteOutcome =
  | { readonly kind: 'accepted'; readonly index: number; readonly replay: boolean; readonly receipt: Uint8Array }
  | { readonly kind: 'recorded'; readonly index: number }
  | { readonly kind: 'moved'; readonly index: number }
  | { readonly kind: 'failed'; readonly fault: Fault; readonly isDoubtful: boolean }

/** Its receipt is sealed once the whole batch is in the tree. */
type Acceptance = { readonly document: AcceptedDocument; readonly entry: Entry; receipt: Buffer | undefined }
type Entry = ReturnType<typeof writeEntry>
/** What a request came to, once the batch has its receipts. */
type Answer = () => WriteOutcome

export class LedgerWriter {
  readonly #database: DatabaseSync
  readonly #signCheckpoint: (head: TreeHead) => string
  #seal: Sealer
  readonly #openSealer: (data: unknown) => Sealer
  readonly #statements: ReturnType<typeof prepareStatements>
  readonly #chains: ChainStore
  readonly #nextNonce = openNonces()
  /** Undefined when it may have entries that the disk does not have. */
  #tree: LogTree | undefined
  /**
   * Whether the last transaction failed at its COMMIT: written perhaps, but not synced. A process
   * that starts after a crash would then find it there, unless another has been committed in its
   * place.
   */
  #isCommitting = false
  readonly #times: EntryTimes
  /** The verifier key of the next log key; nothing more is signed with the present one. */
  #successor: string | undefined

  constructor(database: DatabaseSync, key: LogKey, openSealer: (data: unknown) => Sealer, sealing: unknown) {
    this.#database = database
    this.#signCheckpoint = openCheckpointSigner(key)
    this.#openSealer = openSealer
    this.#seal = openSealer(sealing)
    this.#statements = prepareStatements(database)
    this.#chains = new ChainStore(database)
    this.#tree = openTree(database)
    this.#times = new EntryTimes(database)
  }

  /**
   * Outcomes in the order of the requests, durable. A request that fails takes no other with it.
   */
  commit(requests: readonly WriteRequest[]): WriteOutcome[] {
    if (this.#successor !== undefined)
      return requests.map(() => ({ kind: 'failed', fault: replaced(), isDoubtful: false }))
    try {
      return this.#commit(requests)
    } catch (error) {
      if (requests.length === 1)
        return [{ kind: 'failed', fault: writerFault(error), isDoubtful: this.#isCommitting && !isFull(error) }]
      return requests.flatMap(request => this.commit([request]))
    }
  }

  /**
   * One transaction. Crash before COMMIT returns: nothing of it is there, and nobody was answered.
   * After: all of it is there, and a request without an answer gets the same one on the next try.
   */
  #commit(requests: readonly WriteRequest[]): WriteOutcome[] {
    this.#isCommitting = false
    this.#tree ??= openTree(this.#database)
    const { latest } = this.#times
    let successor: string | undefined
    const tree = this.#tree
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const before = tree.size
      const acceptances = new Map<number, Acceptance>()
      const answers = requests.map(request => {
        if (request.kind === 'rotate') successor = request.verifierKey
        return this.#take(request, tree, acceptances)
      })
      if (tree.size > before) this.#sign(tree, acceptances)
      if (successor !== undefined) this.#statements.insertLogKey.run(tree.size, successor)
      const outcomes = answers.map(answer => answer())
      this.#isCommitting = true
      this.#database.exec('COMMIT')
      this.#successor = successor
      return outcomes
    } catch (error) {
      this.#tree = undefined
      this.#times.restore(latest)
      this.#chains.forget()
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  #take(request: WriteRequest, tree: LogTree, acceptances: Map<number, Acceptance>): Answer {
    switch (request.kind) {
      case 'accept':
        return this.#accept(request, tree, acceptances)
      case 'record':
      case 'rotate':
        return this.#record(request.event, tree)
      case 'give-up':
        this.#statements.insertDeadLetter.run(request.cursor, request.index, request.at, request.reason)
        return this.#move(request.cursor, request.index)
      case 'reseal':
        // Also if the transaction fails: the seal was checked by whoever replaces it.
        this.#seal = this.#openSealer(request.data)
        return () => ({ kind: 'moved', index: tree.size })
      case 'move':
        return this.#move(request.cursor, request.index)
    }
  }

  #accept(request: AcceptRequest, tree: LogTree, acceptances: Map<number, Acceptance>): Answer {
    const { document, chain, content } = request
    const earlier = this.#statements.find.get(document.sender, document.id)
    if (earlier !== undefined)
      return this.#meetAgain(request, Number(earlier.leaf_index), String(earlier.sha256), tree, acceptances)
    const { sender, id, acceptedAt, bytes, sha256, referenceDigest } = document
    const { row, certificate } = this.#chains.keep(chain)
    const event = {
      type: 'accepted',
      at: acceptedAt,
      sender,
      document: id,
      bytes,
      sha256: base64(sha256),
      reference: referenceDigest,
      certificate,
    } as const
    const { index, entry } = this.#append(tree, event)
    this.#statements.insertDocument.run(index, sender, id, acceptedAt, bytes, sha256, referenceDigest, row)
    if ('octets' in content) this.#statements.insertContent.run(index, content.octets)
    else this.#statements.insertContentFile.run(content.file, index)
    const acceptance: Acceptance = { document: { ...document, index }, entry, receipt: undefined }
    acceptances.set(index, acceptance)
    return () => ({ kind: 'accepted', index, replay: false, receipt: sealed(acceptance) })
  }

  #meetAgain(
    { document: { sender, id, sha256, acceptedAt }, omitsConflict }: AcceptRequest,
    index: number,
    accepted: string,
    tree: LogTree,
    batch: Map<number, Acceptance>,
  ): Answer {
    if (accepted === sha256) {
      const first = batch.get(index)
      const stored = () => asBuffer(this.#statements.receipt.get(index)!.octets as Uint8Array)
      return () => ({ kind: 'accepted', index, replay: true, receipt: first === undefined ? stored() : sealed(first) })
    }
    if (!omitsConflict)
      this.#append(tree, {
        type: 'conflict',
        at: acceptedAt,
        sender,
        document: id,
        sha256: base64(sha256),
        accepted: index,
      })
    const detail = `${quote(id)} was accepted with SHA-256 ${accepted}, now ${sha256}`
    return () => ({ kind: 'failed', fault: new Fault('document-id-conflict', detail), isDoubtful: false })
  }

  #record(event: RecordedEvent, tree: LogTree): Answer {
    const { index } = this.#append(tree, event)
    return () => ({ kind: 'recorded', index })
  }

  #move(cursor: string, index: number): Answer {
    this.#statements.moveCursor.run(cursor, index)
    return () => ({ kind: 'moved', index })
  }

  #append(tree: LogTree, event: LogEvent): { index: number; entry: Entry } {
    this.#times.enter(event)
    const entry = writeEntry(event, this.#nextNonce())
    const { leaf, facts, nonce } = entry
    const index = tree.size
    const { at, type, sender, document_id, code } = columnsOf(event)
    this.#statements.insertTransaction.run(index, at, type, sender, document_id, code, leaf, facts, nonce)
    for (const tile of tree.append(hashLeaf(leaf)))
      this.#statements.insertTile.run(tile.level, tile.index, tile.hashes, tile.root)
    return { index, entry }
  }

  /** One checkpoint over all that was appended, and the receipts under it. */
  #sign(tree: LogTree, acceptances: ReadonlyMap<number, Acceptance>): void {
    const { size } = tree
    const checkpoint = this.#signCheckpoint(tree.head)
    this.#statements.insertCheckpoint.run(size, checkpoint)
    for (const acceptance of acceptances.values()) {
      const { document, entry } = acceptance
      const { leaf, ...opening } = entry
      const proof = tree.proveInclusion(document.index, size)
      const receipt = this.#seal({ ...document, treeSize: size, leaf, opening, proof, checkpoint })
      this.#statements.insertReceipt.run(document.index, receipt)
      acceptance.receipt = receipt
    }
  }
}

function prepareStatements(database: DatabaseSync) {
  return {
    find: database.prepare('SELECT leaf_index, sha256 FROM documents WHERE sender = ? AND document_id = ?'),
    receipt: database.prepare('SELECT octets FROM receipts WHERE leaf_index = ?'),
    insertTransaction: database.prepare(
      'INSERT INTO transactions (leaf_index, at, type, sender, document_id, code, leaf, facts, nonce) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    insertDocument: database.prepare(
      'INSERT INTO documents (leaf_index, sender, document_id, accepted_at, bytes, sha256, reference_digest, chain) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    insertContent: database.prepare('INSERT INTO contents (leaf_index, octets) VALUES (?, ?)'),
    insertContentFile: database.prepare('INSERT INTO content_files (name, leaf_index) VALUES (?, ?)'),
    insertReceipt: database.prepare('INSERT INTO receipts (leaf_index, octets) VALUES (?, ?)'),
    insertTile: database.prepare('INSERT INTO tiles (level, tile_index, hashes, root) VALUES (?, ?, ?, ?)'),
    moveCursor: database.prepare(
      'INSERT INTO cursors (name, leaf_index) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET leaf_index = excluded.leaf_index',
    ),
    insertDeadLetter: database.prepare(
      'INSERT INTO dead_letters (cursor, leaf_index, at, reason) VALUES (?, ?, ?, ?) ON CONFLICT (cursor, leaf_index) DO NOTHING',
    ),
    insertLogKey: database.prepare('INSERT INTO log_keys (from_size, verifier_key) VALUES (?, ?)'),
    insertCheckpoint: database.prepare('INSERT INTO checkpoints (tree_size, note) VALUES (?, ?)'),
  }
}

function replaced(): Fault {
  return new Fault('storage-unavailable', 'the key of the log was replaced; the next start signs with the new one')
}

function sealed({ receipt }: Acceptance): Buffer {
  if (receipt === undefined) throw new TypeError('an answer before its receipt')
  return receipt
}

function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64')
}

function writerFault(error: unknown): Fault {
  const fault = databaseFault('write to the ledger', error)
  return fault instanceof Fault
    ? fault
    : new Fault('internal', `cannot write to the ledger: ${(fault as Error).message}`, { cause: fault })
}
