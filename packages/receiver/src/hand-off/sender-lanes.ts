// The skeleton of every hand-off: senders take turns, each has a lane with a cursor, its documents
// are handed on in order, and a failure of one sender delays no other.
import { asFault, Fault, pollLoop, retryDelay, Wake } from '@seg/core'
import type { AcceptedDocument, Ledger, NewestOfSender, TaskLease } from '@seg/ledger'
import type { Fact, NoteFact } from '@seg/operators'
import type { Logger } from '../logger.ts'
import type { HandOffLease } from './hand-off-lease.ts'
import { sayPostponed, sayTaken, targetWords } from './target-words.ts'

/** Milliseconds between two looks at the ledger. */
const LOOK_INTERVAL = 250

/**
 * Why a sender's next document cannot be handed on now; milliseconds until the next try, at least.
 */
export type Obstacle = {
  readonly reason: string
  readonly retryAfter: number
  /** Id of the document, where it is one. */
  readonly document?: string
}

/** Where documents are handed on to. */
export type LaneTarget = {
  /** Also that of its cursors: it never changes. */
  readonly name: string
  /** Lanes that may be under way at the same time. */
  readonly lanes: number
  /** Longest pause in milliseconds between two tries of one sender. */
  readonly longestPause: number
  /** Documents of one sender in a turn. */
  readonly turn: number
  /** Prepares what all senders share. What it throws is logged once, for all of them. */
  prepare(signal: AbortSignal): Promise<void>
  /**
   * Hands on documents of one sender, in order, and moves the lane behind each that is durable at
   * the target; it may get the same documents again. What it throws is an obstacle, too.
   */
  handOn(documents: readonly AcceptedDocument[], lane: Lane, signal: AbortSignal): Promise<Obstacle | undefined>
  /** One try with a dead letter. A target without it gives nothing up. */
  tryAgain?(document: AcceptedDocument, signal: AbortSignal): Promise<RetryOutcome>
  /** Ends what it keeps open, when nothing is under way any more. */
  close?(): Promise<void>
}

/** `reason`: why a target did not take it; undefined: it did. */
export type RetryOutcome = { readonly reason: string | undefined }

/** `elapsed`: milliseconds of a monotonic clock, by which waits are measured. */
export type Edge = {
  readonly now: () => Date
  readonly elapsed: () => number
  readonly random: () => number
  /** Gets each attempt. */
  readonly note: NoteFact
  /** The field of the request that hands a document on, where its trace goes on. */
  readonly traceParent?: ((document: Pick<AcceptedDocument, 'sender' | 'id'>) => string) | undefined
}

export type HandOff = {
  /** The name of its target. */
  readonly target: string
  readonly tryAgain?: LaneTarget['tryAgain'] | undefined
  /** How many senders wait, and since when the one has made no progress that waits longest. */
  waiting(): { readonly senders: number; readonly since: number | undefined }
  /** Waits for documents that are under way. */
  close(): Promise<void>
}

/** What a target knows of an attempt. */
export type AttemptFacts = Partial<Omit<Fact, 'kind' | 'outcome' | 'at' | 'target' | 'partner'>>

type LaneLogger = Pick<Logger, 'error' | 'info'>
type LaneParts = {
  readonly name: string
  readonly ledger: Ledger
  readonly logger: LaneLogger
  readonly edge: Edge
  readonly lease: TaskLease
}

/** The progress of one sender's documents. */
export class Lane {
  readonly sender: string
  cursor: number
  /** Index of its newest document. */
  newest: number
  /** Number of its last turn, counted over all lanes. */
  turn = 0
  /** By `elapsed`, in milliseconds. */
  nextTry = 0
  /** Since when it has documents and makes no progress, in milliseconds since 1970. */
  since: number
  /** Of its next document. */
  tries = 0
  #complaint = ''
  readonly #name: string
  readonly #ledger: Ledger
  readonly #logger: LaneLogger
  readonly #edge: Edge
  readonly #lease: TaskLease

  constructor(
    { sender, index: newest }: NewestOfSender,
    cursor: number,
    { name, ledger, logger, edge, lease }: LaneParts,
  ) {
    this.sender = sender
    this.cursor = cursor
    this.newest = newest
    this.#name = name
    this.#ledger = ledger
    this.#logger = logger
    this.#edge = edge
    this.#lease = lease
    this.since = edge.now().getTime()
  }

  /**
   * All documents up to this one are handed on. Crash before: they are handed on again. After:
   * never again.
   */
  async moveBehind({ index }: AcceptedDocument, facts: AttemptFacts): Promise<void> {
    await this.#ledger.moveCursor(cursorOf(this.#name, this.sender), index, this.#lease)
    this.#note('taken', facts)
    this.#advance(index)
  }

  /** The target does not take this one: it becomes a dead letter, and the next one's turn comes. */
  async giveUp({ index }: AcceptedDocument, reason: string, facts: AttemptFacts): Promise<void> {
    const at = this.#edge.now().toISOString()
    await this.#ledger.giveUp(cursorOf(this.#name, this.sender), index, at, reason, this.#lease)
    this.#note('given-up', { ...facts, detail: reason })
    this.#advance(index)
  }

  /** It has documents up to this one. */
  extend(newest: number): void {
    if (this.cursor >= this.newest) this.since = this.#edge.now().getTime()
    this.newest = newest
  }

  #advance(index: number): void {
    if (this.#complaint !== '') this.#logger.info(sayTaken(this.#name, this.sender))
    this.cursor = index
    this.since = this.#edge.now().getTime()
    this.nextTry = 0
    this.tries = 0
    this.#complaint = ''
  }

  /** Each obstacle is logged once, until it is gone or another one. */
  postpone({ reason, retryAfter, document }: Obstacle, longestPause: number): void {
    const { elapsed, random } = this.#edge
    this.tries++
    this.nextTry = elapsed() + retryDelay(this.tries, retryAfter, random, longestPause)
    if (reason !== this.#complaint) this.#logger.error(sayPostponed(this.#name, this.sender, reason))
    this.#complaint = reason
    this.#note('postponed', { document, detail: reason, tries: this.tries })
  }

  #note(outcome: 'taken' | 'given-up' | 'postponed', facts: AttemptFacts): void {
    const at = this.#edge.now().getTime()
    this.#edge.note({ kind: 'hand-off', outcome, at, target: this.#name, partner: this.sender, ...facts })
  }
}

type LanesParts = Omit<LaneParts, 'name' | 'lease'> & { readonly lease: HandOffLease }
export function startLanes(target: LaneTarget, parts: LanesParts): HandOff {
  const stop = new AbortController()
  const lanes = new SenderLanes(target, parts, stop.signal)
  const complain = (line: string) => parts.logger.error(`${targetWords(target.name)} ${line}`)
  const ended = pollLoop(() => lanes.look(), {
    interval: LOOK_INTERVAL,
    wake: lanes.wake,
    signal: stop.signal,
    complain,
  })
  return {
    target: target.name,
    tryAgain: target.tryAgain?.bind(target),
    waiting: () => lanes.waiting(),
    async close() {
      stop.abort()
      await ended
      await lanes.end()
      await target.close?.()
    },
  }
}

class SenderLanes {
  readonly #target: LaneTarget
  readonly #parts: LanesParts
  readonly #signal: AbortSignal
  readonly #lanes = new Map<string, Lane>()
  readonly #underWay = new Map<Lane, Promise<void>>()
  #turns = 0
  /** Index of the newest document that was seen. */
  #seen = -1
  #lease: TaskLease | undefined
  /** Triggered when a lane is free again. */
  readonly wake = new Wake()

  constructor(target: LaneTarget, parts: LanesParts, signal: AbortSignal) {
    this.#target = target
    this.#parts = parts
    this.#signal = signal
  }

  /**
   * First the sender whose last turn is longest ago: otherwise a few senders with many documents
   * would use all lanes.
   */
  async look(): Promise<void> {
    const lease = await this.#renewLease()
    if (lease === undefined) return
    await this.#seeNewest(lease)
    const now = this.#parts.edge.elapsed()
    // Also of a former lease: its last document may still be on its way.
    const busy = new Set([...this.#underWay.keys()].map(({ sender }) => sender))
    const waiting = [...this.#lanes.values()].filter(
      lane => lane.cursor < lane.newest && lane.nextTry <= now && !busy.has(lane.sender),
    )
    if (waiting.length === 0) return
    await this.#target.prepare(this.#signal)
    for (const lane of waiting.sort((one, other) => one.turn - other.turn)) {
      if (this.#underWay.size >= this.#target.lanes || this.#signal.aborted) return
      this.#start(lane)
    }
  }

  waiting(): ReturnType<HandOff['waiting']> {
    const waiting = [...this.#lanes.values()].filter(({ cursor, newest }) => cursor < newest)
    const since = waiting.length === 0 ? undefined : Math.min(...waiting.map(lane => lane.since))
    return { senders: waiting.length, since }
  }

  async end(): Promise<void> {
    await Promise.all(this.#underWay.values())
  }

  /**
   * Of several receivers with one ledger, one hands on; when it begins, it reads the cursors again.
   */
  async #renewLease(): Promise<TaskLease | undefined> {
    const lease = await this.#parts.lease.renew()
    if (lease?.number !== this.#lease?.number) {
      this.#lanes.clear()
      this.#seen = -1
    }
    this.#lease = lease
    return lease
  }

  async #seeNewest(lease: TaskLease): Promise<void> {
    const found = await this.#parts.ledger.newest(this.#seen)
    for (const { sender, index } of found) {
      const lane = this.#lanes.get(sender)
      if (lane !== undefined) lane.extend(index)
      else {
        const { name } = this.#target
        // Earlier versions had one cursor for all senders of the inbox.
        const cursor = Math.max(
          await this.#parts.ledger.cursor(name),
          await this.#parts.ledger.cursor(cursorOf(name, sender)),
        )
        const parts = { ...this.#parts, name, lease }
        this.#lanes.set(sender, new Lane({ sender, index }, cursor, parts))
      }
    }
    for (const { index } of found) this.#seen = Math.max(this.#seen, index)
  }

  #start(lane: Lane): void {
    lane.turn = ++this.#turns
    const working = this.#handOn(lane).finally(() => {
      this.#underWay.delete(lane)
      this.wake.trigger()
    })
    this.#underWay.set(lane, working)
  }

  async #handOn(lane: Lane): Promise<void> {
    const obstacle = await this.#handOnNext(lane).catch(
      (error): Obstacle => ({ reason: asFault(error).message, retryAfter: 0 }),
    )
    if (obstacle !== undefined) lane.postpone(obstacle, this.#target.longestPause)
  }
  async #handOnNext(lane: Lane): Promise<Obstacle | undefined> {
    const documents = await this.#parts.ledger.accepted(lane.cursor, this.#target.turn, lane.sender)
    if (documents.length === 0)
      throw new Fault('storage-unavailable', `the ledger has lost what follows entry ${lane.cursor}`)
    return this.#target.handOn(documents, lane, this.#signal)
  }
}

function cursorOf(target: string, sender: string): string {
  return `${target} ${sender}`
}
