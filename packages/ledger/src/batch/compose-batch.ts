// What a commit means: from the requests that share a transaction to all that a store must write in
// it, under one checkpoint. No storage; the store looks up what is known before, and writes after.
import { Fault, quote } from '@seg/core'
import { splitFingerprints } from '../certificate-chain.ts'
import type { AcceptedDocument, MetDocument, Sealer } from '../ledger.ts'
import { type LogKey, openCheckpointSigner } from '../log/checkpoint.ts'
import type { LogEvent } from '../log/events.ts'
import { type Opening, writeEntry } from '../log/leaf.ts'
import type { CompletedTile, LogTree } from '../log/log-tree.ts'
import { hashLeaf, type TreeHead } from '../log/merkle.ts'
import { openNonces } from '../log/nonces.ts'
import { enterTime } from './entry-times.ts'
import type {
  AcceptRequest,
  AgainRequest,
  GiveUpRequest,
  RotateRequest,
  SentChain,
  StoredContent,
  WriteOutcome,
  WriteRequest,
} from './requests.ts'

/**
 * The log that a batch continues. The batch appends to `tree`: when it cannot be stored, the tree
 * must be opened again.
 */
export type LogEnd = {
  readonly tree: LogTree
  /** Of the entries since the last start, in milliseconds since 1970. */
  readonly latest: number
  /** The verifier key of the next log key, once there is one: nothing more is signed. */
  readonly successor?: string | undefined
  /** The key that signs, once another one than at the opening does. */
  readonly key?: LogKey | undefined
}

/** An acceptance that is stored; its receipt is read only for a replay. */
export type EarlierAcceptance = { readonly index: number; readonly sha256: string; readonly receipt: () => Buffer }
export type FindEarlier = (sender: string, id: string) => EarlierAcceptance | undefined

export type NewEntry = Opening & { readonly index: number; readonly event: LogEvent; readonly leaf: Buffer }
export type NewAcceptance = {
  readonly document: AcceptedDocument
  readonly chain: SentChain
  readonly content: StoredContent
  readonly receipt: Buffer
}

/** What the store writes in one transaction; all of it, or nothing. */
export type Batch = {
  /** In the order of the log, without gaps. */
  readonly entries: readonly NewEntry[]
  readonly acceptances: readonly NewAcceptance[]
  readonly tiles: readonly CompletedTile[]
  /** Undefined when the batch has no entries. */
  readonly checkpoint: { readonly size: number; readonly note: string } | undefined
  /** The key of the checkpoints of trees larger than `from`. */
  readonly nextKey: { readonly from: number; readonly verifierKey: string } | undefined
  /** In their order: a later one of the same name counts. */
  readonly cursors: readonly { readonly name: string; readonly index: number }[]
  /** A store refuses the batch when one is of no document. */
  readonly deadLetters: readonly GiveUpRequest[]
  /** In the order of the requests; true once the batch is durable. */
  readonly outcomes: readonly WriteOutcome[]
  /** The log with the batch in it. */
  readonly end: LogEnd
}

/** What was signed for is known at the end of the batch only. */
type Acceptance = Omit<NewAcceptance, 'receipt'> & { readonly entry: NewEntry }
/** In the batch, where its receipt is not known yet, or before it. */
type Earlier = Pick<EarlierAcceptance, 'index' | 'sha256'> & Partial<EarlierAcceptance>
type Answer = (receipts: ReadonlyMap<number, Buffer>) => WriteOutcome

/** What entries and receipts are signed with, while the ledger is open. */
export class BatchComposer {
  #signCheckpoint: (head: TreeHead) => string
  #key: LogKey
  readonly #openSealer: (data: unknown) => Sealer
  readonly #nextNonce = openNonces()
  #seal: Sealer

  constructor(key: LogKey, openSealer: (data: unknown) => Sealer, sealing: unknown) {
    this.#key = key
    this.#signCheckpoint = openCheckpointSigner(key)
    this.#openSealer = openSealer
    this.#seal = openSealer(sealing)
  }

  /**
   * Throws what keeps one of the requests from being taken, with all of the batch: the store then
   * tries each by itself.
   */
  compose(requests: readonly WriteRequest[], end: LogEnd, find: FindEarlier): Batch {
    if (end.successor !== undefined) throw replaced()
    if (requests.slice(0, -1).some(({ kind }) => kind === 'rotate')) throw notLast()
    // Only a batch that is durable changes the key of those after it.
    if (end.key !== undefined && end.key !== this.#key) {
      this.#key = end.key
      this.#signCheckpoint = openCheckpointSigner(end.key)
    }
    const draft = new Draft(end, find, this.#nextNonce)
    const answers = requests.map(request => {
      // Also if the batch fails: the seal was checked by whoever replaces it.
      if (request.kind === 'reseal') this.#seal = this.#openSealer(request.data)
      return draft.take(request)
    })
    return draft.finish(answers, this.#signCheckpoint, this.#seal)
  }
}

class Draft {
  readonly #tree: LogTree
  readonly #find: FindEarlier
  readonly #nextNonce: () => Buffer
  readonly #entries: NewEntry[] = []
  readonly #tiles: CompletedTile[] = []
  readonly #acceptances: Acceptance[] = []
  /** Those of the batch, by sender and id. */
  readonly #accepted = new Map<string, Map<string, AcceptedDocument>>()
  readonly #cursors: { name: string; index: number }[] = []
  readonly #deadLetters: GiveUpRequest[] = []
  #latest: number
  #nextKey: RotateRequest | undefined
  readonly #key: LogKey | undefined

  constructor({ tree, latest, key }: LogEnd, find: FindEarlier, nextNonce: () => Buffer) {
    this.#tree = tree
    this.#latest = latest
    this.#key = key
    this.#find = find
    this.#nextNonce = nextNonce
  }

  take(request: WriteRequest): Answer {
    switch (request.kind) {
      case 'accept':
        return this.#accept(request)
      case 'again':
        return this.#acceptAgain(request)
      case 'rotate':
        this.#nextKey = request
        return this.#record(request.event)
      case 'record':
        return this.#record(request.event)
      case 'give-up':
        this.#deadLetters.push(request)
        return this.#move(request.cursor, request.index)
      case 'move':
        return this.#move(request.cursor, request.index)
      case 'reseal':
        return () => ({ kind: 'moved', index: this.#tree.size })
    }
  }

  /** One checkpoint over all that was appended, and the receipts under it. */
  finish(answers: readonly Answer[], sign: (head: TreeHead) => string, seal: Sealer): Batch {
    const { size } = this.#tree
    const checkpoint = this.#entries.length === 0 ? undefined : { size, note: sign(this.#tree.head) }
    const receipts = new Map<number, Buffer>()
    const acceptances = this.#acceptances.map(({ entry, ...acceptance }): NewAcceptance => {
      const { index, leaf, facts, nonce } = entry
      const proof = this.#tree.proveInclusion(index, size)
      const entered = { treeSize: size, leaf, opening: { facts, nonce }, proof, checkpoint: checkpoint!.note }
      const receipt = seal({ ...acceptance.document, ...entered })
      receipts.set(index, receipt)
      return { ...acceptance, receipt }
    })
    const next = this.#nextKey
    const successor = next?.key === undefined ? next?.verifierKey : undefined
    return {
      entries: this.#entries,
      acceptances,
      tiles: this.#tiles,
      checkpoint,
      nextKey: next && { from: size, verifierKey: next.verifierKey },
      cursors: this.#cursors,
      deadLetters: this.#deadLetters,
      outcomes: answers.map(answer => answer(receipts)),
      end: { tree: this.#tree, latest: this.#latest, successor, key: next?.key ?? this.#key },
    }
  }

  #accept(request: AcceptRequest): Answer {
    const { document, chain, content } = request
    const { sender, id, acceptedAt, bytes, sha256, referenceDigest } = document
    const earlier = this.#findEarlier(document)
    if (earlier !== undefined) return this.#meetAgain(request, earlier)
    const entry = this.#append({
      type: 'accepted',
      at: acceptedAt,
      sender,
      document: id,
      bytes,
      sha256: base64(sha256),
      reference: referenceDigest,
      certificate: base64(firstOf(chain)),
    })
    const { index } = entry
    const accepted = { ...document, index }
    this.#acceptances.push({ document: accepted, chain, content, entry })
    const ofSender = this.#accepted.get(sender) ?? new Map<string, AcceptedDocument>()
    this.#accepted.set(sender, ofSender.set(id, accepted))
    return receipts => ({ kind: 'accepted', index, replay: false, receipt: receipts.get(index)! })
  }

  #acceptAgain(request: AgainRequest): Answer {
    const earlier = this.#findEarlier(request.document)
    if (earlier !== undefined) return this.#meetAgain(request, earlier)
    const detail = `${quote(request.document.id)} was accepted, and is not there any more`
    return () => ({ kind: 'failed', fault: new Fault('storage-unavailable', detail), isDoubtful: false })
  }

  #findEarlier({ sender, id }: MetDocument): Earlier | undefined {
    return this.#accepted.get(sender)?.get(id) ?? this.#find(sender, id)
  }

  /** The one place that distinguishes a replay from a conflict. */
  #meetAgain(
    { document: { sender, id, sha256, acceptedAt }, omitsConflict }: AcceptRequest | AgainRequest,
    { index, sha256: accepted, receipt }: Earlier,
  ): Answer {
    if (accepted === sha256)
      return receipts => ({ kind: 'accepted', index, replay: true, receipt: receipt?.() ?? receipts.get(index)! })
    if (!omitsConflict)
      this.#append({ type: 'conflict', at: acceptedAt, sender, document: id, sha256: base64(sha256), accepted: index })
    const detail = `${quote(id)} was accepted with SHA-256 ${accepted}, now ${sha256}`
    return () => ({ kind: 'failed', fault: new Fault('document-id-conflict', detail), isDoubtful: false })
  }

  #record(event: LogEvent): Answer {
    const { index } = this.#append(event)
    return () => ({ kind: 'recorded', index })
  }

  #move(name: string, index: number): Answer {
    this.#cursors.push({ name, index })
    return () => ({ kind: 'moved', index })
  }

  #append(event: LogEvent): NewEntry {
    this.#latest = enterTime(event, this.#latest)
    const { leaf, facts, nonce } = writeEntry(event, this.#nextNonce())
    const entry = { index: this.#tree.size, event, leaf, facts, nonce }
    this.#entries.push(entry)
    this.#tiles.push(...this.#tree.append(hashLeaf(leaf)))
    return entry
  }
}

/** The SHA-256 of the sender's certificate, in hexadecimal. */
function firstOf({ fingerprints }: SentChain): string {
  return splitFingerprints(fingerprints)[0]!
}

function replaced(): Fault {
  return new Fault('storage-unavailable', 'the key of the log was replaced; the next start signs with the new one')
}

/** The entry that names a key is the last one under the key before (docs/log.md). */
function notLast(): Fault {
  return new Fault('storage-unavailable', 'a rotation ends its batch: each request is tried by itself')
}

function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64')
}
