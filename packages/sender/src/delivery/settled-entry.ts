// The outcome of an entry that was not delivered, as the Fault that its caller gets.
import { amount, Fault } from '@seg/core'
import type { OutboxEntry } from '@seg/ledger'
import { DeliveryRefused } from '../exchange/problem.ts'

export function faultOf({ number, state, reason, tries }: OutboxEntry): Fault {
  const last = reason ? `; the last of ${amount(tries, 'try')}: ${reason.code}: ${reason.detail}` : ''
  switch (state) {
    case 'refused':
      return new DeliveryRefused({
        code: reason?.code ?? 'delivery-refused',
        sentence: reason?.detail ?? 'The receiver gave no reason.',
      })
    case 'expired':
      return new Fault('delivery-expired', `number ${number} of the outbox has expired${last}`)
    case 'cancelled':
      return new Fault('delivery-cancelled', `number ${number} of the outbox was cancelled${last}`)
    default:
      throw new TypeError(`entry ${number} is ${state}`)
  }
}
