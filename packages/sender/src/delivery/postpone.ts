// An entry goes back into the outbox until its next try, with the reason why; or expires, when the
// try began after its time.
import { amount, Fault, faultRow, retryDelay } from '@seg/core'
import { type LeasedEntry, LeaseLost, type OutboxEntry, type OutboxReason } from '@seg/ledger'
import { DeliveryRefused } from '../exchange/problem.ts'
import type { AttemptRecord } from './attempt-record.ts'
import type { SendingGateway } from './gateway.ts'
import type { TryOutcome } from './try-delivery.ts'

/** After which the entry waits for its next try. */
type Unsettled = Extract<TryOutcome, { kind: 'later' | 'stuck' }>

/** Whether a try that begins now is the last one for this entry. */
export function isLastTry({ expiresAt }: OutboxEntry, { lifetimeClock }: SendingGateway): boolean {
  return expiresAt <= lifetimeClock()
}

/** Milliseconds to the next try after this many, `longest` at most beyond what was asked for. */
export function delayAfter(outcome: Unsettled, tries: number, { clock }: SendingGateway, longest?: number): number {
  return retryDelay(tries, outcome.kind === 'later' ? outcome.retryAfter : 0, clock.random, longest)
}

/**
 * Ends the lease after a try with this outcome; `delay` in milliseconds. Returns what became of the
 * entry: the reason, the Fault `delivery-expired` after its last try, or LeaseLost. So nothing
 * expires untried, however wrong a clock is.
 */
export async function postpone(
  entry: LeasedEntry,
  outcome: Unsettled,
  { delay, isLast, attempt }: { delay: number; isLast: boolean; attempt: AttemptRecord },
  { outbox, clock }: SendingGateway,
): Promise<Fault> {
  const fault = outcome.kind === 'stuck' ? outcome.fault : new Fault('delivery-pending', outcome.reason)
  const at = clock.now().getTime()
  const reason = reasonOf(fault, at)
  try {
    if (!isLast || faultRow(fault.code).lacks !== undefined) {
      await outbox.postpone(entry, reason, at + delay, attempt.facts())
      return fault
    }
    await outbox.giveUp(entry, reason, attempt.facts())
  } catch (error) {
    if (error instanceof LeaseLost) return error
    throw error
  }
  const last = `the last of ${amount(entry.tries + 1, 'try')}: ${reason.code}: ${reason.detail}`
  return new Fault('delivery-expired', `number ${entry.number} of the outbox has expired; ${last}`, { cause: fault })
}

/** What the receiver said, when it did, rather than that it refused. */
function reasonOf(fault: Fault, at: number): OutboxReason {
  const code = fault instanceof DeliveryRefused ? fault.problem.code : fault.code
  return { code, detail: fault.detail, at }
}
