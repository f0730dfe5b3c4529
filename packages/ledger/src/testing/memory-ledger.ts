// A ledger in memory: the second implementation of the port, which shows what a store must do. Like
// a database behind a network it looks up first, composes the batch, and commits later.
import { setImmediate as turn } from 'node:timers/promises'
import { Fault } from '@seg/core'
import { BatchComposer, type EarlierAcceptance, type LogEnd } from '../batch/compose-batch.ts'
import type { AcceptRequest, AgainRequest, Succeeded, WriteOutcome, WriteRequest } from '../batch/requests.ts'
import { WriteQueue } from '../batch/write-queue.ts'
import { formatFingerprints } from '../certificate-chain.ts'
import type {
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
import { openSealer as openEntrySealer } from './entry-sealer.ts'
import { MemoryReader } from './memory-reader.ts'
import type { MemoryStore } from './memory-store.ts'
import { openSealer as openPlainSealer } from './plain-sealer.ts'
import { logKey } from './test-log.ts'

type MemoryOptions = { readonly queue: number; readonly sealer: 'plain-sealer' | 'entry-sealer' }

/** For one at a time, as the port says. */
export async function openMemoryLedger(store: MemoryStore, { queue, sealer }: MemoryOptions): Promise<MemoryLedger> {
  if (store.isOpen) throw new Fault('storage-unavailable', 'cannot open the store: another process is using it')
  store.isOpen = true
  const openSealer = sealer === 'plain-sealer' ? openPlainSealer : openEntrySealer
  return new MemoryLedger(store, new BatchComposer(logKey, openSealer, undefined), queue)
}

class MemoryLedger extends MemoryReader implements Ledger {
  readonly mostBytes = Number.POSITIVE_INFINITY
  readonly isShared = false
  readonly #store: MemoryStore
  readonly #composer: BatchComposer
  readonly #queue: WriteQueue
  #end: LogEnd
  #work: Promise<void> | undefined

  constructor(store: MemoryStore, composer: BatchComposer, limit: number) {
    super(store)
    this.#store = store
    this.#composer = composer
    this.#end = store.end()
    this.#queue = new WriteQueue(limit, () => this.#wake())
  }

  get load(): LedgerLoad {
    return this.#queue.load
  }

  stage(): Staging {
    return new HeldDocument()
  }

  async accept({ chain, ...document }: OfferedDocument, content: Staging, options: AcceptOptions = {}) {
    if (!(content instanceof HeldDocument)) throw new TypeError('expected a document staged by this ledger')
    const certificates = chain.certificates.map(der => der.toString('base64'))
    const outcome = (await this.#queue.send({
      kind: 'accept',
      document,
      chain: { fingerprints: formatFingerprints(chain.fingerprints), certificates },
      content: { octets: content.octets() },
      ...options,
    })) as Accepted
    return { index: outcome.index, replay: outcome.replay, receipt: Buffer.from(outcome.receipt) }
  }

  async acceptAgain(document: MetDocument, options: AcceptOptions = {}): Promise<Buffer> {
    const outcome = (await this.#queue.send({ kind: 'again', document, ...options })) as Accepted
    return Buffer.from(outcome.receipt)
  }

  async record(event: RecordedEvent): Promise<number> {
    return (await this.#queue.send({ kind: 'record', event })).index
  }

  async rotateKey(event: RecordedEvent, verifierKey: string, key?: LogKey): Promise<number> {
    return (await this.#queue.send({ kind: 'rotate', event, verifierKey, key })).index
  }

  async replaceSealer(data: unknown): Promise<void> {
    await this.#queue.send({ kind: 'reseal', data })
  }

  async moveCursor(cursor: string, index: number): Promise<void> {
    await this.#queue.send({ kind: 'move', cursor, index })
  }

  async giveUp(cursor: string, index: number, at: string, reason: string): Promise<void> {
    await this.#queue.send({ kind: 'give-up', cursor, index, at, reason })
  }

  async lease(task: LedgerTask): Promise<TaskLease> {
    return { task, number: 1 }
  }

  override async close(): Promise<void> {
    this.#queue.close()
    this.#wake()
    await this.#work
    this.#store.isOpen = false
  }

  /** One worker, which takes what has gathered since its last batch. */
  #wake(): void {
    this.#work ??= this.#commitAll().finally(() => {
      this.#work = undefined
    })
  }

  async #commitAll(): Promise<void> {
    for (let requests = this.#queue.take(); requests.length > 0; requests = this.#queue.take())
      this.#queue.settle(await this.#commit(requests))
  }

  async #commit(requests: readonly WriteRequest[]): Promise<readonly WriteOutcome[]> {
    try {
      const known = await this.#lookUp(
        requests.filter(request => request.kind === 'accept' || request.kind === 'again'),
      )
      const batch = this.#composer.compose(requests, this.#end, (sender, id) => known.get(keyOf(sender, id)))
      await turn()
      this.#store.write(batch)
      this.#end = batch.end
      return batch.outcomes
    } catch (error) {
      this.#end = { ...this.#end, tree: this.#store.openTree() }
      if (requests.length === 1) return [{ kind: 'failed', fault: asFault(error), isDoubtful: false }]
      const outcomes: WriteOutcome[] = []
      for (const request of requests) outcomes.push(...(await this.#commit([request])))
      return outcomes
    }
  }

  /** All that the batch asks for, at once. */
  async #lookUp(requests: readonly (AcceptRequest | AgainRequest)[]): Promise<ReadonlyMap<string, EarlierAcceptance>> {
    await turn()
    return new Map(
      requests.flatMap(({ document: { sender, id } }) => {
        const found = this.#store.find(sender, id)
        if (found === undefined) return []
        const { document, receipt } = found
        return [[keyOf(sender, id), { index: document.index, sha256: document.sha256, receipt: () => receipt }]]
      }),
    )
  }
}

type Accepted = Extract<Succeeded, { kind: 'accepted' }>

class HeldDocument implements Staging {
  readonly #pieces: Buffer[] = []

  get bytes(): number {
    return this.octets().length
  }

  expect(): void {}

  write(piece: Uint8Array): undefined {
    this.#pieces.push(Buffer.from(piece))
  }

  octets(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  async *read(): AsyncGenerator<Uint8Array> {
    yield this.octets()
  }

  async discard(): Promise<void> {}
}

function keyOf(sender: string, id: string): string {
  return JSON.stringify([sender, id])
}

function asFault(error: unknown): Fault {
  return error instanceof Fault ? error : new Fault('internal', (error as Error).message, { cause: error })
}
