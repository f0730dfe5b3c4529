// The ledger on PostgreSQL as a node has it: a worker on a thread of its own, connections for
// reading here, and documents too large for a row put into the database in pieces.
import { hostname } from 'node:os'
import { extname, resolve } from 'node:path'
import { Fault, type FileLock, makeDurableFolder, quote } from '@seg/core'
import type { AcceptRequest, AgainRequest } from '../batch/requests.ts'
import { type CertificateChain, formatFingerprints } from '../certificate-chain.ts'
import { lockFolder } from '../files/folder-lock.ts'
import { StagedDocument, stagingFolder } from '../files/staged-document.ts'
import { onStorage } from '../files/storage-fault.ts'
import { emptyStaging } from '../files/unclaimed.ts'
import type {
  Accepted,
  AcceptOptions,
  Ledger,
  LedgerLoad,
  LedgerTask,
  MetDocument,
  OfferedDocument,
  RecordedEvent,
  Staging,
  TaskLease,
} from '../ledger.ts'
import type { LogKey } from '../log/checkpoint.ts'
import { WorkUnderWay } from '../writer/work-under-way.ts'
import { startWriter, type WriterClient } from '../writer/writer-client.ts'
import { PostgresConnections } from './connections.ts'
import { inPieces } from './pieces.ts'
import { onPostgres } from './postgres-fault.ts'
import { describePlace, ONE_SERVER, type PostgresPlace } from './postgres-place.ts'
import { PostgresReader } from './postgres-reader.ts'
import { TaskLock } from './task-lock.ts'
import type { PostgresWriterOptions } from './writer/postgres-writer-thread.ts'

export type PostgresOptions = Omit<PostgresWriterOptions, 'place' | 'folder'> & {
  readonly queue: number
  readonly note: (line: string) => void
  /** The name of this node. */
  readonly node?: string | undefined
}

const MOST_IN_PIECES = 64 * 1024 * 1024
const UPLOADS = 2
/** Milliseconds for a piece. */
const PATIENCE = 10_000

/** The same file, whether run as it is written or compiled. */
const script = new URL(`./writer/postgres-writer-thread${extname(import.meta.filename)}`, import.meta.url)

/**
 * Opens the ledger for writing, for the node with this data folder; other nodes may write to it at
 * the same time. Throws the Faults `storage-unavailable` and `configuration`.
 */
export async function openPostgresLedger(
  folder: string,
  place: PostgresPlace,
  { queue, note, node = hostname(), ...options }: PostgresOptions,
): Promise<Ledger> {
  return onStorage(`open the data folder ${folder}`, async () => {
    const lock = lockFolder(folder)
    try {
      const staging = stagingFolder(folder)
      await makeDurableFolder(staging, 0o700)
      await emptyStaging(staging, note)
      const start = { script, options: { ...options, place, folder: resolve(folder) }, files: [] }
      const writer = await startWriter(start, queue, note)
      if (place.standbys === 0) note(`${describePlace(place)}: ${ONE_SERVER}`)
      return new PostgresLedger(place, node, staging, lock, writer)
    } catch (error) {
      lock.release()
      throw error
    }
  })
}

class PostgresLedger extends PostgresReader implements Ledger {
  readonly mostBytes = MOST_IN_PIECES
  readonly isShared = true
  readonly #staging: string
  readonly #lock: FileLock
  readonly #writer: WriterClient
  readonly #uploads: PostgresConnections
  readonly #tasks: TaskLock
  readonly #underWay = new WorkUnderWay()
  /** Chains that are certainly in the database. */
  readonly #kept = new WeakSet<CertificateChain>()

  constructor(place: PostgresPlace, node: string, staging: string, lock: FileLock, writer: WriterClient) {
    super(place)
    this.#staging = staging
    this.#lock = lock
    this.#writer = writer
    // The commit of the document comes after them, and waits for all that was written before it.
    const form = { purpose: 'pieces', patience: PATIENCE, session: { synchronous_commit: 'off' } }
    this.#uploads = new PostgresConnections(place, form, UPLOADS)
    this.#tasks = new TaskLock(place, node)
  }

  get load(): LedgerLoad {
    return this.#writer.load
  }

  stage(): Staging {
    return new StagedDocument(this.#staging)
  }

  accept(offered: OfferedDocument, content: Staging, options: AcceptOptions = {}): Promise<Accepted> {
    const acceptance = this.#accept(offered, content, options)
    this.#underWay.begin()
    acceptance.then(this.#underWay.end, this.#underWay.end)
    return acceptance
  }

  async acceptAgain(document: MetDocument, options: AcceptOptions = {}): Promise<Buffer> {
    const { receipt } = await this.#send({ kind: 'again', document, ...options })
    return receipt
  }

  async record(event: RecordedEvent): Promise<number> {
    return (await this.#writer.send({ kind: 'record', event })).index
  }

  async rotateKey(event: RecordedEvent, verifierKey: string, key?: LogKey): Promise<number> {
    return (await this.#writer.send({ kind: 'rotate', event, verifierKey, key })).index
  }

  async replaceSealer(data: unknown): Promise<void> {
    await this.#writer.send({ kind: 'reseal', data })
  }

  async moveCursor(cursor: string, index: number, lease?: TaskLease): Promise<void> {
    await this.#writer.send({ kind: 'move', cursor, index, lease })
  }

  async giveUp(cursor: string, index: number, at: string, reason: string, lease?: TaskLease): Promise<void> {
    await this.#writer.send({ kind: 'give-up', cursor, index, at, reason, lease })
  }

  lease(task: LedgerTask): Promise<TaskLease | undefined> {
    return this.#tasks.leaseOf(task)
  }

  override async close(): Promise<void> {
    await this.#underWay.wait()
    await this.#writer.close()
    await Promise.all([super.close(), this.#uploads.close(), this.#tasks.close()])
    this.#lock.release()
  }

  async #accept({ chain, ...document }: OfferedDocument, content: Staging, options: AcceptOptions): Promise<Accepted> {
    if (!(content instanceof StagedDocument)) throw new TypeError('expected a document staged by this ledger')
    const certificates = this.#kept.has(chain) ? undefined : chain.certificates.map(der => der.toString('base64'))
    const sent = { fingerprints: formatFingerprints(chain.fingerprints), certificates }
    try {
      const { held } = content
      const stored = held === undefined ? { file: await this.#putPieces(document.id, content) } : { octets: held }
      const accepted = await this.#send({ kind: 'accept', document, chain: sent, content: stored, ...options })
      if (!accepted.replay) this.#kept.add(chain)
      else if ('file' in stored) await this.#dropPieces(stored.file)
      return accepted
    } finally {
      await content.discard()
    }
  }

  /**
   * Crash on the way, or a commit that fails: pieces that no document names, which a start removes
   * a day later.
   */
  async #putPieces(id: string, content: StagedDocument): Promise<string> {
    if (content.bytes > MOST_IN_PIECES)
      throw new Fault(
        'document-too-large',
        `${quote(id)} has ${content.bytes} bytes, the database takes ${MOST_IN_PIECES}`,
      )
    await onPostgres('store a document', async () => {
      const connection = await this.#uploads.take()
      let n = 0
      for await (const piece of inPieces(content.read()))
        await connection.planned('piece', 'INSERT INTO pieces (content_id, n, octets) VALUES ($1, $2, $3)', [
          content.name,
          n++,
          piece,
        ])
    })
    return content.name
  }

  /** Of a replay: nothing names them, and nothing will. */
  async #dropPieces(contentId: string): Promise<void> {
    await this.#uploads.rows('drop pieces', 'DELETE FROM pieces WHERE content_id = $1', [contentId]).catch(() => {})
  }

  async #send(request: AcceptRequest | AgainRequest): Promise<Accepted> {
    const outcome = await this.#writer.send(request)
    if (outcome.kind !== 'accepted') throw new TypeError(`expected the outcome of an acceptance, found ${outcome.kind}`)
    const { index, replay, receipt } = outcome
    return { index, replay, receipt: Buffer.from(receipt.buffer, receipt.byteOffset, receipt.length) }
  }
}
