// How an entry of the outbox moves: forward only, and while it is sent only in the hands of who
// holds its lease.
import { Fault } from '@seg/core'
import type { OutboxDocument, OutboxEntry, OutboxReason, OutboxState } from './outbox.ts'

export type OutboxEvent =
  | { readonly type: 'lease'; readonly holder: string }
  | { readonly type: 'release'; readonly holder: string }
  | { readonly type: 'replace'; readonly holder: string; readonly document: OutboxDocument }
  | { readonly type: 'postpone'; readonly holder: string; readonly reason: OutboxReason; readonly nextTry: number }
  | { readonly type: 'deliver'; readonly holder: string; readonly at: number }
  | { readonly type: 'refuse'; readonly holder: string; readonly reason: OutboxReason }
  | { readonly type: 'giveUp'; readonly holder: string; readonly reason: OutboxReason }
  | { readonly type: 'expire'; readonly at: number }
  | { readonly type: 'renew'; readonly expiresAt: number }
  | { readonly type: 'cancel'; readonly at: number }
  | { readonly type: 'hurry'; readonly at: number }

/**
 * The entry after the event. Throws TypeError for an event that no caller may cause, Fault
 * `usage` for one that a person asked for too late.
 */
export function advance(entry: OutboxEntry, event: OutboxEvent): OutboxEntry {
  if ('holder' in event && event.type !== 'lease') checkHolder(entry, event.holder)
  switch (event.type) {
    case 'lease':
      if (entry.state !== 'queued' || entry.lease !== undefined)
        throw new TypeError(`entry ${entry.number} cannot be leased`)
      return { ...entry, lease: event.holder, isHurried: false }
    case 'release':
      return { ...entry, lease: undefined }
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

function checkHolder({ number, state, lease }: OutboxEntry, holder: string): void {
  if (state !== 'queued' || lease !== holder)
    throw new TypeError(`entry ${number} is ${state}, and its lease is not ours`)
}

function checkFree({ number, state, lease }: OutboxEntry, what: string): void {
  if (state !== 'queued') throw new Fault('usage', `entry ${number} is ${state} and cannot ${what} any more`)
  if (lease !== undefined)
    throw new Fault('usage', `entry ${number} is on its way at this moment and cannot ${what}; try again`)
}
