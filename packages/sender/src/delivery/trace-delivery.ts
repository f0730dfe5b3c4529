// The tries of one entry as spans of one trace, which the receiver's spans go in as well.
import { createHash } from 'node:crypto'
import { asFault } from '@seg/core'
import type { OutboxEntry } from '@seg/ledger'
import { newSpanId, writeTraceParent } from '@seg/operators'
import type { SendingGateway } from './gateway.ts'
import type { Taken } from './take-receipt.ts'

/** `work` gets the field `traceparent` of its request; undefined where nobody wants traces. */
export async function traceTry(
  entry: OutboxEntry,
  { tracer, clock }: Pick<SendingGateway, 'tracer' | 'clock'>,
  work: (traceParent: string | undefined) => Promise<Taken>,
): Promise<Taken> {
  if (tracer === undefined) return work(undefined)
  const { traceId, spanId: parentId } = traceOf(entry)
  const own = { traceId, spanId: newSpanId() }
  const attributes = {
    'seg.receiver': entry.receiver,
    'seg.document': entry.document.id,
    'seg.bytes': entry.document.bytes,
  }
  const start = clock.now().getTime()
  const end = (failure: string | undefined) => {
    const now = clock.now().getTime()
    const tries = { ...attributes, 'seg.tries': entry.tries + 1 }
    tracer.record(entry.receiver, {
      ...own,
      parentId,
      name: 'try',
      kind: 'client',
      start,
      end: now,
      attributes: tries,
      failure,
    })
    if (failure !== undefined) return
    const all = { name: 'delivery', kind: 'internal', start: entry.queuedAt, end: now } as const
    tracer.record(entry.receiver, { traceId, spanId: parentId, ...all, attributes })
  }
  try {
    const taken = await work(writeTraceParent(own))
    end(taken.kind === 'delivered' ? undefined : taken.reason)
    return taken
  } catch (error) {
    end(asFault(error).code)
    throw error
  }
}

/** The same for each process that tries. */
function traceOf({ delivery, receiver, number }: OutboxEntry) {
  const digest = createHash('sha256')
    .update(JSON.stringify([delivery, receiver, number]))
    .digest('hex')
  return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48) }
}
