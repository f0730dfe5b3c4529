// How counters changed in the last hour: for each series the moments at which its value changed.
import { catalogue, type Labels, type MetricName } from '../metrics/catalogue.ts'
import type { MetricStore } from '../metrics/metric-store.ts'

/** Seconds that rules look back at most. */
const LONGEST = 3600

type Points = { readonly labels: Labels; readonly points: { readonly at: number; readonly value: number }[] }

/** Labels with one of these values each. */
export type Selector = Readonly<Record<string, string | RegExp>>

export class SeriesHistory {
  readonly #series = new Map<string, Points>()
  #metrics: MetricStore | undefined
  #now = 0

  /** The values as they are now; `now` in milliseconds since 1970. */
  take(metrics: MetricStore, now: number): void {
    this.#metrics = metrics
    this.#now = now
    for (const [name, { type }] of Object.entries(catalogue) as [MetricName, { type: string }][])
      if (type !== 'gauge')
        for (const { labels, value, histogram } of metrics.of(name)) {
          if (histogram === undefined) this.#push(name, labels, value)
          else histogram.counts.forEach((count, i) => void this.#push(name, { ...labels, le: String(i) }, count))
        }
  }

  /** Seconds since 1970. */
  get time(): number {
    return this.#now / 1000
  }

  /** Values of a gauge. */
  values(name: MetricName): readonly { readonly labels: Labels; readonly value: number }[] {
    return this.#metrics?.of(name) ?? []
  }

  /** How much a counter grew in so many seconds, summed by some of its labels. */
  increases(name: MetricName, seconds: number, by: readonly string[], selector: Selector = {}): Map<string, number> {
    const sums = new Map<string, number>()
    const begin = this.#now - seconds * 1000
    for (const [key, { labels, points }] of this.#series) {
      if (!key.startsWith(`${name} `) || !fits(labels, selector)) continue
      // Without a point from before, the counter began at 0 since then.
      const before = points.findLast(({ at }) => at <= begin)?.value ?? 0
      const group = JSON.stringify(Object.fromEntries(by.map(label => [label, labels[label] ?? ''])))
      sums.set(group, (sums.get(group) ?? 0) + points.at(-1)!.value - before)
    }
    return sums
  }

  #push(name: MetricName, labels: Labels, value: number): void {
    const key = `${name} ${JSON.stringify(labels)}`
    const found = this.#series.get(key) ?? { labels, points: [] }
    const { points } = found
    if (points.at(-1)?.value !== value) points.push({ at: this.#now, value })
    const begin = this.#now - LONGEST * 1000
    while (points.length > 1 && points[1]!.at <= begin) points.shift()
    this.#series.set(key, found)
  }
}

function fits(labels: Labels, selector: Selector): boolean {
  return Object.entries(selector).every(([label, wanted]) => {
    const value = labels[label] ?? ''
    return typeof wanted === 'string' ? value === wanted : new RegExp(`^(?:${wanted.source})$`).test(value)
  })
}
