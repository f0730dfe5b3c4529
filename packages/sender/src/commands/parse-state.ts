// The state that `outbox list` is given.
import { Fault, quote } from '@seg/core'
import type { OutboxState } from '@seg/ledger'

const states: readonly OutboxState[] = ['queued', 'delivered', 'refused', 'expired', 'cancelled']

/** Throws the Fault `usage`. */
export function parseState(text: string): OutboxState {
  const state = states.find(known => known === text)
  if (state === undefined) throw new Fault('usage', `a state is one of ${states.join(', ')}, not ${quote(text)}`)
  return state
}
