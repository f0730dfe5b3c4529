// The ledger on SQLite: a writer on a thread of its own, a reader on this one, and files for
// documents too large for a row.
//
// Long because opening, accepting and closing share the state of requests that are under way.
import { existsSync } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type FileLock, makeDurableFolder, syncFolder } from '@seg/core'
import type { AcceptRequest, AgainRequest, SentChain } from '../batch/requests.ts'
import { type CertificateChain, formatFingerprints } from '../certificate-chain.ts'
import { checkNeverSettled, checkReadable, claimFolder, type FolderKind } from '../files/data-folder.ts'
import type { ReadOptions } from '../files/file-chunks.ts'
import { FilesInPlace } from '../files/files-in-place.ts'
import { lockFolder } from '../files/folder-lock.ts'
import { StagedDocument, stagingFolder } from '../files/staged-document.ts'
import { onStorage } from '../files/storage-fault.ts'
import { emptyStaging, putUnclaimedAside } from '../files/unclaimed.ts'
import { checkOneFileSystem } from '../files/writable-folder.ts'
import type {
  Accepted,
  AcceptedDocument,
  AcceptOptions,
  DeadLetter,
  DeadLetterPlace,
  Ledger,
  LedgerLoad,
  LedgerReader,
  LedgerTask,
  LogReader,
  MetDocument,
  NewestOfSender,
  OfferedDocument,
  RecordedEvent,
  Staging,
  StoredInHour,
  TaskLease,
} from '../ledger.ts'
import type { LogKey } from '../log/checkpoint.ts'
import type { LogEvent } from '../log/events.ts'
import type { Opening } from '../log/leaf.ts'
import type { KeyRange } from '../log/log-keys.ts'
import { WorkUnderWay } from '../writer/work-under-way.ts'
import { startWriter, type WriterClient } from '../writer/writer-client.ts'
import { openDatabaseReader } from './database.ts'
import { onDatabase } from './database-fault.ts'
import { emptyViews, LEDGER_FILE, migrations } from './schema.ts'
import { contentsFolder, SqliteReader } from './sqlite-reader.ts'
import { readKeyRanges } from './writer/bind-log.ts'
import type { WriterOptions } from './writer/writer-thread.ts'

export type SqliteLedgerOptions = Omit<WriterOptions, 'path'> & {
  /** Requests that may wait for the writer; further ones are refused. */
  readonly queue?: number
  /** Gets messages about the folder, for the operator. */
  readonly note?: (line: string) => void
}

export const ledgerFolder: FolderKind = {
  owner: 'receiver',
  database: LEDGER_FILE,
  migration: Object.keys(migrations)[0]!,
  shared: ['inbox'],
  dependent: ['contents', 'staging'],
}

export const QUEUE = 1024

/** The same file, whether run as it is written or compiled. */
const writerThread = new URL(`./writer/writer-thread${extname(import.meta.filename)}`, import.meta.url)

type ContentlessRequest = Omit<AcceptRequest, 'content'>

/**
 * Opens the ledger in the data folder for writing; the folder is created if it is missing. Only one
 * process may have it open: a second one gets the Fault `storage-unavailable`. Throws
 * `configuration` for a folder that is not a receiver's, or whose ledger is missing.
 */
export async function openSqliteLedger(
  folder: string,
  { queue = QUEUE, note = () => {}, ...options }: SqliteLedgerOptions,
): Promise<Ledger> {
  return onStorage(`open the data folder ${folder}`, async () => {
    const claimed = await claimFolder(resolve(folder), ledgerFolder, note)
    const lock = lockFolder(folder)
    try {
      for (const place of [stagingFolder(folder), contentsFolder(folder)]) await makeDurableFolder(place, 0o700)
      await checkFolders(folder)
      await emptyStaging(stagingFolder(folder), note)
      const path = join(folder, LEDGER_FILE)
      const start = { script: writerThread, options: { ...options, path }, files: [folder, path] }
      const writer = await startWriter(start, queue, note)
      try {
        const database = openDatabaseReader(path, migrations)
        await claimed.settle()
        const isNamed = database.prepare('SELECT 1 FROM content_files WHERE name = ?')
        const aside = join(folder, 'unclaimed')
        await putUnclaimedAside(contentsFolder(folder), aside, name => isNamed.get(name) !== undefined, note)
        await syncFolder(folder)
        return new SqliteLedger(folder, lock, writer, new SqliteReader(folder, database))
      } catch (error) {
        await writer.close()
        throw error
      }
    } catch (error) {
      lock.release()
      throw error
    }
  })
}

/**
 * That large documents can be moved to their place, where there is one yet. Throws the Faults
 * `configuration` and `storage-unavailable`.
 */
export async function checkFolders(folder: string): Promise<void> {
  const [staging, contents] = [stagingFolder(folder), contentsFolder(folder)]
  if (!existsSync(staging) || !existsSync(contents)) return
  await onStorage(`move documents within ${folder}`, () => checkOneFileSystem(staging, contents))
}

/**
 * Opens the ledger in the data folder for reading only; without a database it is empty. Throws the
 * Fault `storage-unavailable`.
 */
export function openSqliteReader(folder: string): LedgerReader {
  checkReadable(folder, ledgerFolder)
  const path = join(folder, LEDGER_FILE)
  const database = existsSync(path) ? openDatabaseReader(path, migrations, emptyViews) : undefined
  const hasTables = database?.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'documents'").get() !== undefined
  if (database !== undefined && hasTables) return new SqliteReader(folder, database)
  database?.close()
  checkNeverSettled(folder, ledgerFolder)
  return new SqliteReader(folder, openEmpty())
}

/**
 * The keys of the log in a data folder, in their order; none of one that is not bound yet. Throws
 * the Faults `storage-unavailable` and `configuration`.
 */
export function readSqliteLogKeys(folder: string): KeyRange[] {
  checkReadable(folder, ledgerFolder)
  const path = join(folder, LEDGER_FILE)
  if (!existsSync(path)) return []
  const database = openDatabaseReader(path, migrations)
  try {
    return onDatabase('read the ledger', () => readKeyRanges(database))
  } finally {
    database.close()
  }
}

function openEmpty(): DatabaseSync {
  const database = new DatabaseSync(':memory:')
  for (const statement of Object.values(migrations).flat()) database.exec(statement)
  return database
}

class SqliteLedger implements Ledger {
  /** As the disk has room. */
  readonly mostBytes = Number.POSITIVE_INFINITY
  readonly isShared = false
  readonly log: LogReader
  readonly #folder: string
  readonly #files: FilesInPlace
  readonly #staging: string
  readonly #lock: FileLock
  readonly #writer: WriterClient
  readonly #reader: SqliteReader
  /**
   * Files that no row names; and files that may have a row, which is certain only after another
   * transaction has been committed.
   */
  readonly #unnamed: string[] = []
  #doubtful: string[] = []
  #generation: number
  readonly #underWay = new WorkUnderWay()
  /** Chains that are certainly in the database. */
  readonly #kept = new WeakSet<CertificateChain>()

  constructor(folder: string, lock: FileLock, writer: WriterClient, reader: SqliteReader) {
    this.#folder = folder
    this.#files = new FilesInPlace([folder, join(folder, LEDGER_FILE)])
    this.#staging = stagingFolder(folder)
    this.#lock = lock
    this.#writer = writer
    this.#generation = writer.generation
    this.#reader = reader
    this.log = reader.log
  }

  find(sender: string, id: string): Promise<AcceptedDocument | undefined> {
    return this.#reader.find(sender, id)
  }

  async receipt(sender: string, id: string): Promise<Buffer | undefined> {
    // No receipt for a ledger that was removed or replaced meanwhile.
    const lost = this.#files.lost()
    if (lost !== undefined) throw lost
    return this.#reader.receipt(sender, id)
  }

  list(): AsyncIterable<AcceptedDocument> {
    return this.#reader.list()
  }

  read(sender: string, id: string, options?: ReadOptions): Promise<AsyncIterable<Uint8Array> | undefined> {
    return this.#reader.read(sender, id, options)
  }

  chain(sender: string, id: string): Promise<readonly Buffer[] | undefined> {
    return this.#reader.chain(sender, id)
  }

  event(index: number): Promise<LogEvent | undefined> {
    return this.#reader.event(index)
  }

  opening(index: number): Promise<Opening | undefined> {
    return this.#reader.opening(index)
  }

  accepted(after: number, limit: number, sender?: string): Promise<AcceptedDocument[]> {
    return this.#reader.accepted(after, limit, sender)
  }

  storedSince(time: string): Promise<StoredInHour[]> {
    return this.#reader.storedSince(time)
  }

  newest(after: number): Promise<NewestOfSender[]> {
    return this.#reader.newest(after)
  }

  deadLetters(): AsyncIterable<DeadLetter> {
    return this.#reader.deadLetters()
  }

  deadLetterPage(limit: number, from: DeadLetterPlace): Promise<DeadLetter[]> {
    return this.#reader.deadLetterPage(limit, from)
  }

  cursor(name: string): Promise<number> {
    return this.#reader.cursor(name)
  }

  get load(): LedgerLoad {
    return this.#writer.load
  }

  stage(): Staging {
    return new StagedDocument(this.#staging)
  }

  accept({ chain, ...document }: OfferedDocument, content: Staging, options: AcceptOptions = {}): Promise<Accepted> {
    const acceptance = this.#accept({ kind: 'accept', document, chain: this.#sendChain(chain), ...options }, content)
    this.#underWay.begin()
    acceptance.then(({ replay }) => {
      if (!replay) this.#kept.add(chain)
      this.#underWay.end()
    }, this.#underWay.end)
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

  async moveCursor(cursor: string, index: number): Promise<void> {
    await this.#writer.send({ kind: 'move', cursor, index })
  }

  async giveUp(cursor: string, index: number, at: string, reason: string): Promise<void> {
    await this.#writer.send({ kind: 'give-up', cursor, index, at, reason })
  }

  /** No other process has the folder. */
  async lease(task: LedgerTask): Promise<TaskLease> {
    return { task, number: 1 }
  }

  async close(): Promise<void> {
    await this.#underWay.wait()
    // The writer last: only a connection that may write can copy the write-ahead log into the
    // database.
    await this.#reader.close()
    await this.#writer.close()
    this.#lock.release()
  }

  #sendChain(chain: CertificateChain): SentChain {
    const certificates = this.#kept.has(chain) ? undefined : chain.certificates.map(der => der.toString('base64'))
    return { fingerprints: formatFingerprints(chain.fingerprints), certificates }
  }

  async #accept(request: ContentlessRequest, content: Staging): Promise<Accepted> {
    const staged = asOurs(content)
    try {
      const { held } = staged
      if (held !== undefined) return await this.#send({ ...request, content: { octets: held } })
      return await onStorage('store a document', () => this.#acceptFile(request, staged))
    } finally {
      await staged.discard()
    }
  }

  /**
   * Crash before the rename: a file in staging, which the next start removes. Between rename and
   * commit: a file that no row names, which the next start puts aside. After the commit the row
   * names a file that was synced, with its name, before.
   */
  async #acceptFile(request: ContentlessRequest, staged: StagedDocument): Promise<Accepted> {
    const place = join(contentsFolder(this.#folder), staged.name)
    await staged.seal()
    await staged.moveTo(place)
    try {
      await syncFolder(contentsFolder(this.#folder))
      const outcome = await this.#send({ ...request, content: { file: staged.name } })
      if (outcome.replay) this.#unnamed.push(place)
      return outcome
    } catch (fault) {
      // A row may name it: if none does, the next start puts it aside.
      if (this.#writer.isUnknown(fault)) throw fault
      const files = this.#writer.isDoubtful(fault) ? this.#doubtful : this.#unnamed
      files.push(place)
      throw fault
    } finally {
      // A file that cannot be removed now is moved away by the next start.
      for (const file of this.#unnamed.splice(0)) await unlink(file).catch(() => {})
    }
  }

  async #send(request: AcceptRequest | AgainRequest): Promise<Accepted> {
    const outcome = await this.#writer.send(request)
    if (outcome.kind !== 'accepted') throw new TypeError(`expected the outcome of an acceptance, found ${outcome.kind}`)
    const { index, replay, receipt } = outcome
    // Another thread may have found in the write-ahead log what the former could not commit.
    if (this.#writer.generation !== this.#generation) this.#doubtful = []
    this.#generation = this.#writer.generation
    if (!replay) this.#unnamed.push(...this.#doubtful.splice(0))
    return { index, replay, receipt: Buffer.from(receipt.buffer, receipt.byteOffset, receipt.length) }
  }
}

function asOurs(staging: Staging): StagedDocument {
  if (!(staging instanceof StagedDocument)) throw new TypeError('expected a document staged by this ledger')
  return staging
}
