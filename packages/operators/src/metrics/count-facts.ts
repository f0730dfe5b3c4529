// Facts as increments of the metrics: counted in the desk's thread, as they are entered there.
import type { OutboxEntry } from '@seg/ledger'
import type { Fact } from '../desk/fact.ts'
import type { MetricStore, Series } from './metric-store.ts'

/** Steps by the field of their time, in milliseconds. */
const steps = [
  ['receive', 'receiveTime'],
  ['verify', 'verifyTime'],
  ['decide', 'decideTime'],
  ['commit', 'commitTime'],
] as const

/** What documents of one partner, outcome and kind of connection are counted in. */
type Counters = {
  readonly documents: Series
  readonly size: Series
  readonly duration: Series
  readonly tls: Series | undefined
}

/** Counters that are remembered by what they are looked up with: a lookup costs most of it. */
const REMEMBERED = 5000

export class FactCounter {
  readonly #metrics: MetricStore
  readonly #counters = new Map<string, Counters>()
  readonly #steps: readonly (readonly [field: (typeof steps)[number][1], series: Series])[]
  readonly #verified: Series

  constructor(metrics: MetricStore) {
    this.#metrics = metrics
    this.#steps = steps.map(([step, field]) => [field, metrics.series('seg_document_step_duration_seconds', { step })])
    this.#verified = metrics.series('seg_verified_bytes_total', {})
  }

  count(fact: Fact): void {
    const metrics = this.#metrics
    if (fact.kind === 'document' || fact.kind === 'refusal') this.#countDocument(fact)
    else if (fact.kind === 'connection')
      metrics.add('seg_tls_failures_total', { code: fact.code ?? 'none' }, fact.count)
    else if (fact.kind === 'hand-off')
      metrics.add('seg_handoff_attempts_total', { target: fact.target ?? '', result: fact.outcome })
    else if (fact.kind === 'gap') metrics.add('seg_desk_lost_facts_total', {}, fact.count)
  }

  #countDocument(fact: Fact): void {
    const { partner = '', code, bytes, totalTime } = fact
    const { documents, size, duration, tls } = this.#countersOf(fact)
    documents.value++
    if (tls !== undefined) tls.value++
    if (bytes !== undefined) size.observe(bytes)
    if (totalTime !== undefined) duration.observe(totalTime / 1000)
    for (const [field, series] of this.#steps) {
      const time = fact[field]
      if (time !== undefined && time !== null) series.observe(time / 1000)
    }
    this.#verified.value += fact.canonicalBytes ?? 0
    if (fact.kind === 'refusal' && code !== undefined)
      this.#metrics.add('seg_documents_refused_total', { partner, code })
  }

  #countersOf({ outcome, partner = '', tlsVersion: version, group = 'classical' }: Fact): Counters {
    const key = `${outcome} ${version} ${group} ${partner}`
    const known = this.#counters.get(key)
    if (known !== undefined) return known
    const metrics = this.#metrics
    const found = {
      documents: metrics.series('seg_documents_total', { direction: 'in', partner, outcome }),
      size: metrics.series('seg_document_size_bytes', { outcome }),
      duration: metrics.series('seg_document_duration_seconds', { outcome }),
      tls: version === undefined ? undefined : metrics.series('seg_tls_documents_total', { version, group }),
    }
    if (this.#counters.size < REMEMBERED) this.#counters.set(key, found)
    return found
  }
}

/** What changed of an entry of the outbox; `before`: how it stood when it was read last. */
export function countDelivery(
  metrics: MetricStore,
  { receiver, state, tries, reason, settledAt, queuedAt }: OutboxEntry,
  before: { readonly state: string; readonly tries: number; readonly code: string | undefined } | undefined,
): void {
  const attempts = tries - (before?.tries ?? 0)
  if (attempts > 0) metrics.add('seg_delivery_attempts_total', { receiver }, attempts)
  const code = reason?.code
  if (code !== before?.code) {
    if (code === 'receipt-invalid') metrics.add('seg_receipts_invalid_total', { receiver })
    if (code === 'log-rewritten') metrics.add('seg_log_rewritten_total', { receiver })
  }
  if (state === before?.state || settledAt === undefined) return
  metrics.add('seg_deliveries_total', { receiver, state })
  metrics.add('seg_documents_total', { direction: 'out', partner: receiver, outcome: state })
  if (state === 'delivered')
    metrics.series('seg_delivery_duration_seconds', { receiver }).observe((settledAt - queuedAt) / 1000)
}
