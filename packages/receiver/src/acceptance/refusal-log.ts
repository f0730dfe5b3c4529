// Refusals and conflicts of authenticated peers as entries of the log: at a limited rate for each
// peer; beyond it they are counted.
import { Fault, isOwnFailure } from '@seg/core'
import type { AcceptOptions, Ledger, RecordedEvent } from '@seg/ledger'
import { type CountedLog, openCountedLog } from '../counted-log.ts'
import type { Logger } from '../logger.ts'

export type PeerRefusal = { readonly sender: string; readonly fault: Fault; readonly sha256: string | undefined }

/**
 * Entries of one kind and one peer in a period (milliseconds). Further ones are counted; the count
 * becomes an entry with the first refusal after the period, or at the stop. A crash loses the
 * count, never an entry.
 */
const ENTRIES = 60
const PERIOD = 60_000

/** Each kind has its own limit, so that many refusals cannot suppress the entry of a conflict. */
type Kind = 'refused' | 'conflict'
type Entry = { readonly index: number; readonly at: number }
type Period = { readonly begin: Date; readonly entries: Record<Kind, number>; omitted: number }

export class RefusalLog {
  readonly #ledger: Ledger
  readonly #now: () => Date
  /** Events that are not written yet. */
  readonly #due: RecordedEvent[] = []
  /** By sender: periods that are not over, or whose end was not noticed yet. */
  readonly #periods = new Map<string, Period>()

  readonly #pending = new Set<Promise<unknown>>()
  /** A ledger that takes nothing fails for each of them. */
  #lost: CountedLog | undefined

  constructor(ledger: Ledger, now: () => Date) {
    this.#ledger = ledger
    this.#now = now
  }

  /**
   * A refusal is final whether its entry can be written or not: its answer does not wait. A
   * conflict has its own entry, and what failed here is no refusal of the peer. Resolves with its
   * entry, if it has one.
   */
  async record({ sender, fault, sha256 }: PeerRefusal, logger: Pick<Logger, 'error'>): Promise<Entry | undefined> {
    if (fault.code === 'document-id-conflict' || isOwnFailure(fault.code)) return undefined
    const at = this.#now().toISOString()
    const isEntry = this.#hasRoom(sender, 'refused')
    this.#count(sender, 'refused', isEntry)
    if (isEntry) this.#due.push({ type: 'refused', at, sender, code: fault.code, sha256: toBase64(sha256) })
    const written = this.#due.splice(0).map(event => this.#write(event, logger))
    const index = isEntry ? await written.at(-1) : undefined
    return index === undefined ? undefined : { index, at: Date.parse(at) }
  }

  #write(event: RecordedEvent, logger: Pick<Logger, 'error'>): Promise<number | undefined> {
    const written = this.#ledger.record(event).catch(({ code, message }) => {
      this.#lost ??= openCountedLog('refusals have no entry in the log', (facts, line) => logger.error(facts, line))
      this.#lost.report(code, `a refusal has no entry in the log: ${message}`, code)
      return undefined
    })
    this.#pending.add(written)
    written.then(() => void this.#pending.delete(written))
    return written
  }

  /**
   * Asks the ledger about a document of this sender: whether it is a conflict, the ledger decides,
   * and enters it as long as there is room. As long as others of the sender are on their way, there
   * may be a few entries too many, and none is counted twice.
   */
  async limitConflicts<Answer>(sender: string, ask: (options: AcceptOptions) => Promise<Answer>): Promise<Answer> {
    const isEntry = this.#hasRoom(sender, 'conflict')
    try {
      return await ask({ omitsConflict: !isEntry })
    } catch (fault) {
      if (fault instanceof Fault && fault.code === 'document-id-conflict') this.#count(sender, 'conflict', isEntry)
      throw fault
    }
  }

  /** Whether one more refusal of this sender would be an entry. */
  #hasRoom(sender: string, kind: Kind): boolean {
    const period = this.#periods.get(sender)
    return period === undefined || period.entries[kind] < ENTRIES || this.#isOver(period)
  }

  /** Notes a refusal that is an entry, or is to be counted. */
  #count(sender: string, kind: Kind, isEntry: boolean): void {
    this.#due.push(...this.#end(([, period]) => this.#isOver(period)))
    const period = this.#periods.get(sender) ?? { begin: this.#now(), entries: { refused: 0, conflict: 0 }, omitted: 0 }
    this.#periods.set(sender, period)
    if (isEntry) period.entries[kind]++
    else period.omitted++
  }

  /** Writes what is counted and not written yet; for the end. */
  async close(): Promise<void> {
    const events = [...this.#due.splice(0), ...this.#end(() => true)]
    await Promise.allSettled([...this.#pending, ...events.map(event => this.#ledger.record(event))])
    this.#lost?.close()
  }

  #isOver({ begin }: Period): boolean {
    // A clock that was put back by as much ends it, too: it would go on until that time comes
    // again.
    return Math.abs(this.#now().getTime() - begin.getTime()) >= PERIOD
  }

  #end(isOver: (period: readonly [sender: string, period: Period]) => boolean): RecordedEvent[] {
    const at = this.#now().toISOString()
    const ended = [...this.#periods].filter(isOver)
    for (const [sender] of ended) this.#periods.delete(sender)
    return ended
      .filter(([, { omitted }]) => omitted > 0)
      .map(([sender, { begin, omitted }]) => ({
        type: 'omitted',
        at,
        sender,
        count: omitted,
        since: begin.toISOString(),
      }))
  }
}

function toBase64(sha256: string | undefined): string | null {
  return sha256 === undefined ? null : Buffer.from(sha256, 'hex').toString('base64')
}
