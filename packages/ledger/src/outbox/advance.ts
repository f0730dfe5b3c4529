// How an entry of the outbox moves: forward only, and while it is sent only in the hands of who
// holds its lease.
import { Fault } from '@seg/core'
import {
  type AttemptNotes,
  type HeldLease,
  LeaseLost,
  type OutboxDocument,
  type OutboxEntry,
  type OutboxReason,
  type OutboxState,
} from './outbox.ts'

/** Of an attempt. */
type Ending = { readonly held: HeldLease; readonly attempt: AttemptNotes }

export type OutboxEvent =
  | { readonly type: 'lease'; readonly holder: string }
  | { readonly type: 'release'; readonly held: HeldLease }
  /** The holder's process ended, and nobody knows how far its attempt came. */
  | { readonly type: 'interrupt'; readonly held: HeldLease }
  | { readonly type: 'replace'; readonly held: HeldLease; readonly document: OutboxDocument }
  | (Ending & { readonly type: 'postpone'; readonly reason: OutboxReason; readonly nextTry: number })
  | (Ending & { readonly type: 'deliver'; readonly at: number })
  | (Ending & { readonly type: 'refuse'; readonly reason: OutboxReason })
  | (Ending & { readonly type: 'giveUp'; readonly reason: OutboxReason })
  | { readonly type: 'expire'; readonly at: number }
  | { readonly type: 'renew'; readonly expiresAt: number }
  | { readonly type: 'cancel'; readonly at: number }
  | { readonly type: 'hurry'; readonly at: number }

/**
 * The entry after the event. Throws LeaseLost when the lease is not the last one any more,
 * TypeError for an event that no caller may cause, Fault `usage` for one that a person asked for
 * too late.
 */
export function advance(entry: OutboxEntry, event: OutboxEvent): OutboxEntry {
  if ('held' in event && !isHeld(entry, event.held)) throw new LeaseLost(entry)
  switch (event.type) {
    case 'lease':
      if (entry.state !== 'queued' || entry.lease !== undefined)
        throw new TypeError(`entry ${entry.number} cannot be leased`)
      return { ...entry, lease: event.holder, leases: entry.leases + 1, isHurried: false }
    case 'release':
      return { ...entry, lease: undefined }
    case 'interrupt':
      return { ...entry, lease: undefined, tries: entry.tries + 1 }
    case 'replace':
      return { ...entry, document: event.document }
    case 'postpone':
      return { ...entry, lease: undefined, tries: entry.tries + 1, reason: event.reason, nextTry: event.nextTry }
    case 'deliver':
      return settle({ ...entry, tries: entry.tries + 1, reason: undefined }, 'delivered', event.at)
    case 'refuse':
      return settle({ ...entry, tries: entry.tries + 1, reason: event.reason }, 'refused', event.reason.at)
    case 'giveUp':
      return settle({ ...entry, tries: entry.tries + 1, reason: event.reason }, 'expired', event.reason.at)
    case 'renew':
      checkFree(entry, 'be renewed')
      return { ...entry, expiresAt: event.expiresAt }
    case 'expire':
      checkFree(entry, 'expire')
      return settle(entry, 'expired', event.at)
    case 'cancel':
      checkFree(entry, 'be cancelled')
      return settle(entry, 'cancelled', event.at)
    case 'hurry':
      checkFree(entry, 'be tried')
      return { ...entry, nextTry: Math.min(entry.nextTry, event.at), isHurried: true }
  }
}

function settle(entry: OutboxEntry, state: Exclude<OutboxState, 'queued'>, settledAt: number): OutboxEntry {
  return { ...entry, state, settledAt, lease: undefined }
}

/** Whether this lease is the one that the entry has now. */
export function isHeld({ state, delivery, lease, leases }: OutboxEntry, held: HeldLease): boolean {
  // A database that lost its end gives a number to another delivery.
  return state === 'queued' && delivery === held.delivery && lease === held.lease && leases === held.leases
}

function checkFree({ number, state, lease }: OutboxEntry, what: string): void {
  if (state !== 'queued') throw new Fault('usage', `entry ${number} is ${state} and cannot ${what} any more`)
  if (lease !== undefined)
    throw new Fault('usage', `entry ${number} is on its way at this moment and cannot ${what}; try again`)
}
