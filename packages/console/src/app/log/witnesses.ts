// When each partner last read the log, by the metrics: the latest first.
import type { MetricsRead } from '../api/metrics.ts'

type LogReader = { readonly partner: string; readonly at: Date }

export function witnessesOf(metrics: MetricsRead): LogReader[] {
  return metrics
    .series('seg_witness_checkpoint_timestamp_seconds')
    .map(({ labels, value }) => ({ partner: labels.partner ?? '', at: new Date(value * 1000) }))
    .sort((a, b) => b.at.getTime() - a.at.getTime())
}
