// An entry goes back into the outbox until its next try, with the reason why.
import type { Fault } from '@seg/core'
import type { OutboxEntry, OutboxReason } from '@seg/ledger'
import type { SendingGateway } from './gateway.ts'
import { DeliveryRefused } from './problem.ts'

/** Ends the lease; `delay` in milliseconds. */
export async function postpone(
  { number }: OutboxEntry,
  fault: Fault,
  delay: number,
  { outbox, patience }: SendingGateway,
): Promise<void> {
  const at = patience.now().getTime()
  await outbox.postpone(number, reasonOf(fault, at), at + delay)
}

/** What the receiver said, when it did, rather than that it refused. */
function reasonOf(fault: Fault, at: number): OutboxReason {
  const code = fault instanceof DeliveryRefused ? fault.problem.code : fault.code
  return { code, detail: fault.detail, at }
}
