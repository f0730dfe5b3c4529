// The values of all metrics. Their label sets are bounded: who can be many is `other` beyond a
// number.
import { type Labels, type MetricName, metricNames, metricRow, type Sample } from './catalogue.ts'

/** Values of one label in one metric; of the labels that name a peer, and of the others. */
const [PEERS, VALUES] = [500, 64]
const peerLabels = ['partner', 'receiver', 'issuer']
const OTHER = 'other'

type Histogram = { readonly bounds: readonly number[]; readonly counts: number[]; sum: number; count: number }

/** One metric with one set of labels: `value` counts or measures, a histogram is observed. */
export class Series {
  readonly labels: Labels
  readonly histogram: Histogram | undefined
  value = 0

  constructor(labels: Labels, bounds: readonly number[] | undefined) {
    this.labels = labels
    this.histogram = bounds && { bounds, counts: new Array(bounds.length + 1).fill(0), sum: 0, count: 0 }
  }

  observe(value: number): void {
    const histogram = this.histogram!
    let index = 0
    while (index < histogram.bounds.length && value > histogram.bounds[index]!) index++
    histogram.counts[index]!++
    histogram.sum += value
    histogram.count++
  }
}

export class MetricStore {
  readonly #series = new Map<MetricName, Map<string, Series>>()
  readonly #values = new Map<string, Set<string>>()

  /** Increments a counter. */
  add(name: MetricName, labels: Labels = {}, by = 1): void {
    this.series(name, labels).value += by
  }

  /** What is measured now, instead of all earlier values of these metrics. */
  replace(names: readonly MetricName[], samples: readonly Sample[]): void {
    for (const name of names) {
      this.#series.delete(name)
      for (const label of metricRow(name).labels) this.#values.delete(`${name} ${label}`)
    }
    for (const { name, labels, value } of samples) {
      const series = this.series(name, labels ?? {})
      // Several that are `other` count together.
      series.value = labels !== undefined && Object.values(series.labels).includes(OTHER) ? series.value + value : value
    }
  }

  of(name: MetricName): readonly Series[] {
    return [...(this.#series.get(name)?.values() ?? [])]
  }

  /** All counters and gauges that are there. */
  samples(): Sample[] {
    return metricNames.flatMap(name =>
      this.of(name).flatMap(({ labels, value, histogram }) => (histogram ? [] : [{ name, labels, value }])),
    )
  }

  /** Of a counter or a histogram it stays the same object. */
  series(name: MetricName, wanted: Labels): Series {
    const row = metricRow(name)
    const labels = Object.fromEntries(row.labels.map(label => [label, this.#bounded(name, label, wanted[label] ?? '')]))
    const key = JSON.stringify(labels)
    const all = this.#series.get(name) ?? new Map<string, Series>()
    this.#series.set(name, all)
    const found = all.get(key) ?? new Series(labels, row.buckets)
    all.set(key, found)
    return found
  }

  #bounded(name: MetricName, label: string, value: string): string {
    const key = `${name} ${label}`
    const values = this.#values.get(key) ?? new Set()
    this.#values.set(key, values)
    if (values.has(value)) return value
    if (values.size >= (peerLabels.includes(label) ? PEERS : VALUES)) return OTHER
    values.add(value)
    return value
  }
}
