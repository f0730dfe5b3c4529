// Delivers what any process has queued, up to a limit for each receiver and each entry by one
// process at a time, until it is stopped.
import { asFault, Fault, LONGEST_PAUSE, pollLoop, Wake } from '@seg/core'
import type { LeasedEntry } from '@seg/ledger'
import { AttemptRecord } from './attempt-record.ts'
import type { SendingGateway } from './gateway.ts'
import type { SendOutcome } from './outcome.ts'
import { delayAfter, isLastTry, postpone } from './postpone.ts'
import { ReceiverPace } from './receiver-pace.ts'
import { type TryOutcome, tryDelivery } from './try-delivery.ts'

/** Milliseconds between two polls for documents that other processes queued. */
const LOOK_INTERVAL = 250
/** Milliseconds without a byte of progress after which a try is given up. */
const STALL_TIME = 60_000
/** Milliseconds at a stop for tries that are under way. */
const CLOSING_TIME = 10_000

export type LoopOptions = {
  /** Documents being sent to one receiver, by all processes that share the outbox. */
  readonly concurrency: number
  /** Called with the outcome of each try. */
  readonly report: (outcome: SendOutcome & { readonly number: number }) => void
  readonly signal: AbortSignal
}

/**
 * Resolves some time after `signal`, when nothing is being sent any more. Failures of the storage
 * are reported, and tried again.
 */
export async function runDeliveries(gateway: SendingGateway, options: LoopOptions): Promise<void> {
  const loop = new DeliveryLoop(gateway, options)
  await pollLoop(() => loop.look(), {
    interval: LOOK_INTERVAL,
    wake: loop.wake,
    signal: options.signal,
    complain: gateway.note,
  })
  await loop.close()
}

class DeliveryLoop {
  readonly #gateway: SendingGateway
  readonly #options: LoopOptions
  readonly #paces = new Map<string, ReceiverPace>()
  readonly #underWay = new Set<Promise<void>>()
  /** Leases that could not be ended when their try was. */
  readonly #unended = new Set<LeasedEntry>()
  readonly #stop = new AbortController()
  /** Triggered when a try has ended: there may be room for another. */
  readonly wake = new Wake()

  constructor(gateway: SendingGateway, options: LoopOptions) {
    this.#gateway = gateway
    this.#options = options
  }

  async look(): Promise<void> {
    const { outbox, clock } = this.#gateway
    const { concurrency } = this.#options
    for (const entry of this.#unended) {
      await outbox.release(entry)
      this.#unended.delete(entry)
    }
    for (const receiver of await outbox.receivers()) {
      const limit = this.#pace(receiver).limitAt(clock.elapsed())
      const leased = await outbox.lease({ receiver, limit, urgent: concurrency, now: clock.now().getTime() })
      for (const entry of leased) this.#start(entry)
    }
  }

  async close(): Promise<void> {
    const timer = setTimeout(() => this.#stop.abort(), CLOSING_TIME)
    await Promise.all(this.#underWay)
    clearTimeout(timer)
  }

  #pace(receiver: string): ReceiverPace {
    const pace = this.#paces.get(receiver) ?? new ReceiverPace(this.#options.concurrency, this.#gateway.clock.random)
    this.#paces.set(receiver, pace)
    return pace
  }

  #start(entry: LeasedEntry): void {
    const trying = this.#try(entry).catch(error => {
      this.#unended.add(entry)
      this.#gateway.note(`the outbox cannot be written: ${asFault(error).message}`)
    })
    this.#underWay.add(trying)
    trying.finally(() => {
      this.#underWay.delete(trying)
      this.wake.trigger()
    })
  }

  async #try(entry: LeasedEntry): Promise<void> {
    const { clock } = this.#gateway
    const { elapsed } = clock
    const begin = elapsed()
    const attempt = new AttemptRecord(clock)
    const isLast = isLastTry(entry, this.#gateway)
    const limits = { signal: this.#stop.signal, stall: STALL_TIME, attempt }
    // One snapshot of what may be replaced meanwhile.
    const outcome = await tryDelivery(entry, { ...this.#gateway }, limits).catch(
      (error): TryOutcome => ({ kind: 'stuck', fault: asFault(error), concernsReceiver: false }),
    )
    await this.#end(entry, outcome, { isLast, seconds: (elapsed() - begin) / 1000, attempt })
  }

  async #end(
    entry: LeasedEntry,
    outcome: TryOutcome,
    { isLast, seconds, attempt }: { isLast: boolean; seconds: number; attempt: AttemptRecord },
  ): Promise<void> {
    const { outbox, clock } = this.#gateway
    const pace = this.#pace(entry.receiver)
    if (outcome.kind === 'delivered') {
      pace.answered()
      return this.#report(entry, outcome.delivery, seconds)
    }
    if (outcome.kind === 'refused') {
      pace.answered()
      return this.#report(entry, outcome.fault, seconds)
    }
    if (outcome.kind === 'lost') return this.#report(entry, outcome.fault, seconds)
    // Ended by our own stop: nothing is known about the receiver.
    if (this.#stop.signal.aborted) return void (await outbox.release(entry))
    if (outcome.concernsReceiver) pace.failed(clock.elapsed(), outcome.kind === 'later' ? outcome.retryAfter : 0)
    const delay = delayAfter(outcome, entry.tries + 1, this.#gateway, LONGEST_PAUSE)
    this.#report(entry, await postpone(entry, outcome, { delay, isLast, attempt }, this.#gateway), seconds)
  }

  #report(
    { number, file }: LeasedEntry,
    end: Fault | (TryOutcome & { kind: 'delivered' })['delivery'],
    seconds: number,
  ): void {
    this.#options.report({ number, file, seconds, ...(end instanceof Fault ? { fault: end } : { delivery: end }) })
  }
}
