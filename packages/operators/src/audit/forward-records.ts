// Records on their way to other systems: in order, at least once, each sink behind a cursor of its
// own that is durable.
import { asFault, LONGEST_PAUSE, pollLoop, retryDelay } from '@seg/core'
import type { AuditSink } from './audit-sinks.ts'
import type { AuditTrail } from './audit-trail.ts'

/** Milliseconds between two looks at the trail. */
const LOOK_INTERVAL = 1000
/** Records in one step. */
const STEP = 100

export type Forwarding = {
  /** How many records each sink does not have yet. */
  lag(): readonly { readonly sink: AuditSink['kind']; readonly records: number }[]
  close(): Promise<void>
}

/** `complain`: called once for each failure, until it is over or another one occurs. */
export function forwardRecords(
  trail: AuditTrail,
  sinks: readonly AuditSink[],
  complain: (line: string) => void,
): Forwarding {
  const stop = new AbortController()
  const ended = sinks.map(sink => {
    const look = lookWithPauses(() => forwardSome(trail, sink, stop.signal))
    const say = (line: string) => complain(`audit records are not forwarded to ${sink.name}: ${line}`)
    return pollLoop(look, { interval: LOOK_INTERVAL, signal: stop.signal, complain: say })
  })
  return {
    lag: () => sinks.map(({ kind, name }) => ({ sink: kind, records: trail.last() - trail.forwarded(name) })),
    async close() {
      stop.abort()
      await Promise.all(ended)
    },
  }
}

/** Crash between the sink and the cursor: the sink gets the records of one step again. */
async function forwardSome(trail: AuditTrail, sink: AuditSink, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const records = trail.after(trail.forwarded(sink.name), STEP)
    const last = records.at(-1)
    if (last === undefined) return
    await sink.take(records, signal)
    trail.setForwarded(sink.name, last.number)
  }
}

/** After a failure it waits, longer each time; the failure is reported for as long. */
function lookWithPauses(look: () => Promise<void>): () => Promise<void> {
  let tries = 0
  let notBefore = 0
  let failure: unknown
  return async () => {
    if (performance.now() < notBefore) throw failure
    try {
      await look()
      tries = 0
    } catch (error) {
      failure = asFault(error)
      notBefore = performance.now() + retryDelay(++tries, 0, Math.random, LONGEST_PAUSE)
      throw failure
    }
  }
}
