// The conditions of rules: each is the expression that Prometheus evaluates, and the function that
// finds the same here.
import { type Labels, type MetricName, metricRow } from '../metrics/catalogue.ts'
import type { Selector, SeriesHistory } from './series-history.ts'

/** What the condition holds for. */
export type ConditionFinding = { readonly labels: Labels; readonly value: number }
export type Condition = {
  /** PromQL. */
  readonly expression: string
  readonly find: (history: SeriesHistory) => readonly ConditionFinding[]
}

type Compare = (value: number) => boolean

/** A gauge that compares so. */
export function gauge(name: MetricName, operator: '==' | '>', limit: number): Condition {
  const holds: Compare = value => (operator === '>' ? value > limit : value === limit)
  return {
    expression: `${name} ${operator} ${limit}`,
    find: history => history.values(name).filter(({ value }) => holds(value)),
  }
}

/** A timestamp that is so many seconds ago, or more. */
export function olderThan(name: MetricName, seconds: number): Condition {
  return {
    expression: `time() - ${name} > ${seconds}`,
    find: history => ofGauge(history, name, value => history.time - value).filter(({ value }) => value > seconds),
  }
}

/** Timestamps of which the newest, by some of their labels, is so many seconds ago, or more. */
export function newestOlderThan(name: MetricName, seconds: number, by: readonly string[]): Condition {
  return {
    expression: `time() - ${summed('max', by)} (${name}) > ${seconds}`,
    find: history => {
      const newest = new Map<string, number>()
      for (const { labels, value } of history.values(name)) {
        const group = JSON.stringify(Object.fromEntries(by.map(label => [label, labels[label] ?? ''])))
        newest.set(group, Math.max(newest.get(group) ?? 0, value))
      }
      const ages = [...newest].map(([group, value]) => [group, history.time - value] as const)
      return findingsOf(new Map(ages)).filter(({ value }) => value > seconds)
    },
  }
}

/** A gauge over another one with the same labels. */
export function share(name: MetricName, of: MetricName, limit: number): Condition {
  return {
    expression: `${name} / ${of} < ${limit}`,
    find: history => {
      const whole = history.values(of)
      return ofGauge(history, name, (value, labels) => value / (sameIn(whole, labels) ?? Number.NaN)).filter(
        ({ value }) => value < limit,
      )
    },
  }
}

/** What is left of the time between two timestamps, as a share of it. */
export function left(from: MetricName, until: MetricName, limit: number): Condition {
  return {
    expression: `(${until} - time()) / (${until} - ${from}) < ${limit}`,
    find: history => {
      const begins = history.values(from)
      return ofGauge(
        history,
        until,
        (end, labels) => (end - history.time) / (end - (sameIn(begins, labels) ?? Number.NaN)),
      ).filter(({ value }) => value < limit)
    },
  }
}

/** A counter that grew by more than so much in so many seconds. */
export function grew(name: MetricName, seconds: number, limit: number, by: readonly string[], selector: Selector = {}) {
  return {
    expression: `${sumOfIncrease(name, seconds, by, selector)} > ${limit}`,
    find: (history: SeriesHistory) =>
      findingsOf(history.increases(name, seconds, by, selector)).filter(({ value }) => value > limit),
  } satisfies Condition
}

/** A part of a counter that is more than such a share of all of it. */
export function ratio(
  name: MetricName,
  seconds: number,
  limit: number,
  by: readonly string[],
  part: Selector,
  whole: Selector,
): Condition {
  const [some, all] = [sumOfIncrease(name, seconds, by, part), sumOfIncrease(name, seconds, by, whole)]
  return {
    expression: `${some} / ${all} > ${limit}`,
    find: history => {
      const total = history.increases(name, seconds, by, whole)
      const parts = [...history.increases(name, seconds, by, part)]
      const shares = parts.map(([group, value]) => [group, value / (total.get(group) ?? 0)] as const)
      return findingsOf(new Map(shares)).filter(({ value }) => value > limit)
    },
  }
}

/** A quantile of a histogram, at the upper bound of its bucket. */
export function quantile(name: MetricName, seconds: number, q: number, limit: number, selector: Selector): Condition {
  const rate = `rate(${name}_bucket${written(selector)}[${seconds}s])`
  return {
    expression: `histogram_quantile(${q}, sum by (le) (${rate})) > ${limit}`,
    find: history => {
      const { buckets = [] } = metricRow(name)
      const counts = history.increases(name, seconds, ['le'], selector)
      const inBucket = [...buckets, Number.POSITIVE_INFINITY].map((_, i) => counts.get(`{"le":"${i}"}`) ?? 0)
      const wanted = q * inBucket.reduce((sum, count) => sum + count, 0)
      let sum = 0
      const index = inBucket.findIndex(count => {
        sum += count
        return wanted > 0 && sum >= wanted
      })
      // Prometheus gives the highest bound for what is beyond it.
      const value = buckets[Math.min(index, buckets.length - 1)] ?? 0
      return value > limit ? [{ labels: {}, value }] : []
    },
  }
}

export function both(one: Condition, other: Condition): Condition {
  return {
    expression: `(${one.expression}) and (${other.expression})`,
    find: history => {
      const others = other.find(history)
      return one.find(history).filter(({ labels }) => sameIn(others, labels) !== undefined)
    },
  }
}

/** One that Prometheus alone can see. */
export function outside(expression: string): Condition {
  return { expression, find: () => [] }
}

function ofGauge(
  history: SeriesHistory,
  name: MetricName,
  of: (value: number, labels: Labels) => number,
): ConditionFinding[] {
  return history.values(name).map(({ labels, value }) => ({ labels, value: of(value, labels) }))
}

function findingsOf(sums: ReadonlyMap<string, number>): ConditionFinding[] {
  return [...sums].map(([group, value]) => ({ labels: JSON.parse(group) as Labels, value }))
}

function sameIn(findings: readonly ConditionFinding[], labels: Labels): number | undefined {
  const key = JSON.stringify(labels)
  return findings.find(finding => JSON.stringify(finding.labels) === key)?.value
}

function sumOfIncrease(name: string, seconds: number, by: readonly string[], selector: Selector): string {
  return `${summed('sum', by)} (increase(${name}${written(selector)}[${seconds}s]))`
}

function summed(operator: 'max' | 'sum', by: readonly string[]): string {
  return by.length === 0 ? operator : `${operator} by (${by.join(', ')})`
}

function written(selector: Selector): string {
  const parts = Object.entries(selector).map(([label, value]) =>
    typeof value === 'string' ? `${label}="${value}"` : `${label}=~"${value.source}"`,
  )
  return parts.length === 0 ? '' : `{${parts.join(', ')}}`
}
