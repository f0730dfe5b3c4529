// The text that Prometheus reads. The only file that knows prom-client.
import { Registry } from 'prom-client'
import { type Labels, type MetricName, metricNames, metricRow } from './catalogue.ts'
import type { MetricStore } from './metric-store.ts'

export type MetricsText = { readonly contentType: string; readonly text: string }

/** `isOpen`: OpenMetrics 1.0 instead of Prometheus's own text. */
export async function renderMetrics(metrics: MetricStore, isOpen: boolean): Promise<MetricsText> {
  const contentType = isOpen ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE
  const registry = new Registry()
  registry.setContentType(contentType as typeof registry.contentType)
  for (const name of metricNames) {
    const metric = metricOf(metrics, name, isOpen)
    // What prom-client asks of a metric when it writes it.
    if (metric.values.length > 0) registry.registerMetric({ ...metric, get: () => metric } as never)
  }
  return { contentType, text: await registry.metrics() }
}

function metricOf(metrics: MetricStore, name: MetricName, isOpen: boolean) {
  const { type, help } = metricRow(name)
  // OpenMetrics names the family without its suffix, which the registry then adds to each value.
  const shown = isOpen && type === 'counter' ? name.replace(/_total$/, '') : name
  return { name: shown, help, type, values: valuesOf(metrics, name) }
}

type Value = { readonly metricName?: string; readonly labels: Labels; readonly value: number }

function valuesOf(metrics: MetricStore, name: MetricName): Value[] {
  return metrics.of(name).flatMap(({ labels, value, histogram }): Value[] => {
    if (histogram === undefined) return [{ labels, value }]
    let sum = 0
    const buckets = [...histogram.bounds.map(String), '+Inf'].map((le, i) => {
      sum += histogram.counts[i]!
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: sum }
    })
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: histogram.sum },
      { metricName: `${name}_count`, labels, value: histogram.count },
    ]
  })
}
