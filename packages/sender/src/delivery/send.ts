// Sends while the caller waits: finds the earlier delivery or queues the document, and tries until
// there is a verified receipt, a refusal, or no time left.
import { amount, Fault } from '@seg/core'
import { LeaseLost } from '@seg/ledger'
import type { Template } from '../document/sign-template.ts'
import { AttemptRecord } from './attempt-record.ts'
import type { Delivery, SendingGateway, WaitingGateway } from './gateway.ts'
import { delayAfter, isLastTry, postpone } from './postpone.ts'
import { findDelivery, type Queued, queueTemplate } from './queue-document.ts'
import { faultOf } from './settled-entry.ts'
import { type TryOutcome, tryDelivery } from './try-delivery.ts'

type Later = Extract<TryOutcome, { kind: 'later' }>

/** Milliseconds between two polls of an entry that another process is sending. */
const WATCH_INTERVAL = 200

/**
 * Resolves when the receiver's receipt for this template is verified and stored. Throws
 * DeliveryRefused, the Faults `delivery-pending` (the document stays queued), `receipt-invalid`,
 * `log-rewritten`, and those of a document, key or disk that is not in order; sending again is safe
 * after each of them.
 */
export async function sendTemplate(template: Template, receiver: URL, gateway: WaitingGateway): Promise<Delivery> {
  const queued = await queueTemplate(template, receiver, gateway)
  return 'receipt' in queued ? queued : deliverQueued(queued, gateway)
}

/**
 * Queues the template and leaves the rest to others: throws the Fault `delivery-pending` unless it
 * was delivered before.
 */
export async function queueOnly(template: Template, receiver: URL, gateway: SendingGateway): Promise<Delivery> {
  const queued = await queueTemplate(template, receiver, gateway)
  if ('receipt' in queued) return queued
  const { number } = queued.entry
  const delivery = await watch(number, gateway)
  if (delivery) return delivery
  throw new Fault('delivery-pending', `queued as number ${number}; \`sender deliver\` delivers it`)
}

async function deliverQueued({ entry: { number }, facts }: Queued, gateway: WaitingGateway): Promise<Delivery> {
  const { outbox, clock, patience } = gateway
  const deadline = clock.elapsed() + patience.timeout
  const signal = AbortSignal.timeout(patience.timeout)
  let known = facts
  let later: Later | undefined
  for (let tries = 0; ; ) {
    const entry = await outbox.leaseOne(number)
    if (entry === undefined) {
      const delivery = await watch(number, gateway)
      if (delivery) return delivery
      if (clock.elapsed() >= deadline) throw pending('another process has it on its way', number, patience.timeout)
      await clock.pause(WATCH_INTERVAL)
      continue
    }
    tries++
    const isLast = isLastTry(entry, gateway)
    const attempt = new AttemptRecord(clock)
    const outcome = await tryDelivery(entry, gateway, { signal, attempt }, known).catch(async error => {
      await outbox.release(entry)
      throw error
    })
    known = undefined
    if (outcome.kind === 'delivered') return { ...outcome.delivery, made: { ...outcome.delivery.made, tries } }
    if (outcome.kind === 'refused') throw outcome.fault
    // Who has it now sends the same bytes: its outcome is ours.
    if (outcome.kind === 'lost') continue
    const left = deadline - clock.elapsed()
    if (outcome.kind === 'stuck') {
      const delay = delayAfter(outcome, entry.tries + 1, gateway)
      const fault = await postpone(entry, outcome, { delay, isLast, attempt }, gateway)
      if (fault instanceof LeaseLost) continue
      throw fault
    }
    // If the time ended during this try, the reason of the try before is more useful.
    later = signal.aborted ? (later ?? outcome) : outcome
    const isOver = left < 50 || later.retryAfter >= left
    const delay = delayAfter(later, tries, gateway)
    // The last wait ends early enough for one more try.
    const wait = isOver ? delay : Math.min(delay, Math.max(later.retryAfter, Math.floor(left * 0.8)))
    // A try that our own timeout ended must not make the entry expire.
    const end = { delay: wait, isLast: isLast && !signal.aborted, attempt }
    const fault = await postpone(entry, later, end, gateway)
    if (fault.code === 'delivery-expired') throw fault
    if (isOver) throw pending(explain(later, tries), number, patience.timeout)
    patience.onWait(later.reason, wait)
    await clock.pause(wait)
  }
}

/** The outcome that another process reached; undefined while the entry is queued. */
async function watch(number: number, gateway: SendingGateway): Promise<Delivery | undefined> {
  const entry = await gateway.outbox.find(number)
  if (entry === undefined || entry.state === 'queued') return undefined
  if (entry.state !== 'delivered') throw faultOf(entry)
  const delivery = await findDelivery(entry, gateway)
  if (delivery === undefined)
    throw new Fault('receipt-invalid', `number ${number} of the outbox has a receipt that does not verify`)
  return { ...delivery, made: { tries: entry.tries } }
}

function pending(reason: string, number: number, timeout: number): Fault {
  return new Fault('delivery-pending', `${reason} (--timeout ${timeout / 1000}); it stays queued as number ${number}`)
}

function explain({ reason, retryAfter }: Later, tries: number): string {
  const asked = retryAfter > 0 ? `; the receiver asks to be tried again in ${Math.ceil(retryAfter / 1000)} s` : ''
  return `${reason}, after ${amount(tries, 'try')}${asked}`
}
