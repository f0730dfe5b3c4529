// `timestamp-stale`: is the document late, or do the two clocks disagree? A clock that is wrong is
// no reason to refuse a document for good.
import { Fault } from '@seg/core'
import type { OutboxEntry } from '@seg/ledger'
import type { VerifiedDocument } from '@seg/xmldsig'

/**
 * Milliseconds between two clocks that agree: the Date field has whole seconds, and answers take
 * their time.
 */
export const AGREEMENT = 60_000
/**
 * Milliseconds between signing and arrival that a receiver allows unless it says otherwise
 * (--clock-skew).
 */
export const TIMELY = 300_000

/** Our time, and that in the Date field of the receiver's answer. */
export type Clocks = { readonly ours: Date; readonly theirs: Date | undefined }

/**
 * What may become of a document whose time we did not fill in, and that a receiver calls stale:
 * whether waiting, or a clock set right, can help.
 */
export function mayBecomeTimely(document: VerifiedDocument | Fault, { ours, theirs }: Clocks): boolean {
  if (document instanceof Fault) return false
  const isTimely = Math.abs(ours.getTime() - document.signedAt) <= TIMELY
  if (theirs === undefined) return isTimely
  const isApart = Math.abs(ours.getTime() - theirs.getTime()) > AGREEMENT
  return isApart && (isTimely || document.signedAt > theirs.getTime())
}

/**
 * Whether new bytes with the time of now have a chance where those of before have none. The first
 * time they always do; afterwards only when they come clearly closer to the receiver's clock: bytes
 * that were sent are kept, and there must not be a copy for every try.
 */
export function helpsToSignAfresh({ reason }: OutboxEntry, signedAt: number, { ours, theirs }: Clocks): boolean {
  if (reason?.code !== 'clocks-apart') return true
  if (theirs === undefined) return ours.getTime() - signedAt > TIMELY
  return Math.abs(theirs.getTime() - ours.getTime()) < Math.abs(theirs.getTime() - signedAt) / 2
}

export function clocksApart({ ours, theirs }: Clocks, cause: unknown): Fault {
  return new Fault(
    'clocks-apart',
    `the receiver calls a document stale that was signed just now: ${describeClocks(ours, theirs)}; it stays queued`,
    { cause },
  )
}

export function describeClocks(ours: Date, theirs: Date | undefined): string {
  const here = `our clock says ${ours.toISOString()}`
  if (theirs === undefined) return `${here}, the receiver's answer has no Date`
  const seconds = Math.round((theirs.getTime() - ours.getTime()) / 1000)
  const side = seconds < 0 ? 'behind' : 'ahead'
  return `${here}, the receiver's ${theirs.toISOString()}, ${Math.abs(seconds)} s ${side}`
}
