// Every metric, by name: docs/metrics.md has the same list, which a test holds to this one.

type MetricRow = {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  /** Upper bounds, of a histogram. */
  readonly buckets?: readonly number[]
}

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const BYTES = [1, 8, 64, 512, 4096, 32_768, 262_144, 1_048_576].map(kibibytes => kibibytes * 1024)

export const catalogue = {
  seg_documents_total: counter('documents, by what became of them', 'direction', 'partner', 'outcome'),
  seg_documents_refused_total: counter('refused documents and requests, by fault code', 'partner', 'code'),
  seg_document_size_bytes: histogram('size of documents that were read to their end', BYTES, 'outcome'),
  seg_document_duration_seconds: histogram('first byte to answer', [...SECONDS, 60, 600, 3600], 'outcome'),
  seg_document_step_duration_seconds: histogram('steps of one document', SECONDS, 'step'),
  seg_verified_bytes_total: counter('canonical octets that were digested'),
  seg_tls_documents_total: counter('documents, by what their connection negotiated', 'version', 'group'),
  seg_tls_handshakes_total: counter('handshakes that succeeded, with a client of a CA that we know'),
  seg_tls_failures_total: counter('connections that ended before they were authenticated', 'code'),
  seg_ledger_commits_total: counter('commits of the ledger, each of all that waited'),
  seg_ledger_commit_seconds_total: counter('time of these commits, each with the wait of its oldest request'),
  seg_handoff_attempts_total: counter('documents offered to a target', 'target', 'result'),
  seg_deliveries_total: counter('documents of our own outbox that are settled', 'receiver', 'state'),
  seg_delivery_attempts_total: counter('tries to deliver them', 'receiver'),
  seg_delivery_duration_seconds: histogram(
    'queued to verified receipt',
    [...SECONDS, 60, 600, 3600, 86_400],
    'receiver',
  ),
  seg_receipts_invalid_total: counter('receipts that did not verify', 'receiver'),
  seg_log_rewritten_total: counter('logs that do not continue what they showed before', 'receiver'),
  seg_desk_lost_facts_total: counter('facts that were not recorded'),
  seg_logins_total: counter("logins at the operators' listener", 'result'),
  seg_event_gaps_total: counter('readers of events that lost some, since they were too slow'),
  seg_admin_acts_total: counter('acts of operators, and logins', 'action', 'outcome'),
  seg_night_acts_total: counter('acts on keys, partners and rights outside office hours', 'action'),
  seg_alert_notifications_total: counter('notifications, by channel', 'channel', 'result'),

  seg_uploads_active: gauge('documents being received', 'size'),
  seg_uploads_limit: gauge('the most that may be', 'size'),
  seg_ledger_queue_length: gauge('requests that wait for a commit of the ledger'),
  seg_connections_active: gauge('open connections', 'partner'),
  seg_storage_used_bytes: gauge('size of what is kept', 'part'),
  seg_storage_free_bytes: gauge('free space of the file system of the data folder'),
  seg_storage_total_bytes: gauge('size of that file system'),
  seg_storage_room: gauge('1 while documents have room above the reserve'),
  seg_log_entries: gauge('entries of the transparency log'),
  seg_log_consistent: gauge('1 while the latest checkpoint is signed by our key and covers all entries'),
  seg_log_read_timestamp_seconds: gauge('when a partner last read the log; before the first, the first start'),
  seg_witness_checkpoint_timestamp_seconds: gauge('when this partner last read the log', 'partner'),
  seg_handoff_waiting_senders: gauge('senders with documents that are not handed on', 'target'),
  seg_handoff_oldest_timestamp_seconds: gauge(
    'since when the sender that waits longest has made no progress',
    'target',
  ),
  seg_dead_letters: gauge('documents that a target did not take', 'target'),
  seg_outbox_entries: gauge('documents that wait for delivery', 'receiver'),
  seg_outbox_oldest_timestamp_seconds: gauge('when the oldest of them was queued', 'receiver'),
  seg_certificate_not_before_timestamp_seconds: gauge('of our own certificates', 'use', 'fingerprint'),
  seg_certificate_not_after_timestamp_seconds: gauge('of our own certificates', 'use', 'fingerprint'),
  seg_certificate_renewal_due_timestamp_seconds: gauge(
    'when a third of the time of our own certificates is left',
    'use',
    'fingerprint',
  ),
  seg_crl_this_update_timestamp_seconds: gauge('of the revocation lists in use', 'issuer'),
  seg_crl_next_update_timestamp_seconds: gauge('of the revocation lists in use', 'issuer'),
  seg_partner_info: gauge('1 for each partner with a record', 'partner', 'state'),
  seg_partner_silent: gauge('1 when a partner has sent nothing for two hours in which it always does', 'partner'),
  seg_backup_timestamp_seconds: gauge('of the latest verified backup; before the first, of the first start'),
  seg_sessions_active: gauge('sessions of people in force', 'role'),
  seg_approvals_pending: gauge('acts that wait for another person'),
  seg_config_reload_timestamp_seconds: gauge('when certificates, partners and types were last taken into use'),
  seg_config_reload_ok: gauge('0 while what changed of them is refused'),
  seg_audit_forward_lag_entries: gauge('audit records that a sink does not have yet', 'sink'),
  seg_alert_channel_failing: gauge('1 while a channel takes no notifications', 'channel'),
  seg_alerts_firing: gauge('alerts', 'severity'),
  seg_desk_lag_entries: gauge('entries of the log that the desk has not read'),
  seg_event_loop_delay_seconds: gauge('delay of the main thread in the last 15 s', 'quantile'),
  seg_connection_process_up: gauge('1 while it takes connections', 'process'),
  seg_connection_process_starts_total: counter('starts of a connection process', 'process'),
  seg_connection_process_cpu_seconds_total: counter('processor time of a connection process', 'process'),
  seg_connection_process_resident_memory_bytes: gauge('memory of a connection process', 'process'),
  seg_ready: gauge('1 when /readyz answers 200'),
  seg_build_info: gauge('1, with the version and the name of the node', 'version', 'node'),
  process_start_time_seconds: gauge('start of the process'),
  process_cpu_seconds_total: counter('processor time of the process'),
  process_resident_memory_bytes: gauge('memory of the process'),
} as const satisfies Readonly<Record<string, MetricRow>>

export type MetricName = keyof typeof catalogue
export type Labels = Readonly<Record<string, string>>
/** A value as it is now. */
export type Sample = { readonly name: MetricName; readonly labels?: Labels; readonly value: number }

export const metricNames = Object.keys(catalogue) as MetricName[]

export function metricRow(name: MetricName): MetricRow {
  return catalogue[name]
}

function counter(help: string, ...labels: readonly string[]) {
  return { type: 'counter', help, labels } as const
}

function gauge(help: string, ...labels: readonly string[]) {
  return { type: 'gauge', help, labels } as const
}

function histogram(help: string, buckets: readonly number[], ...labels: readonly string[]) {
  return { type: 'histogram', help, buckets, labels } as const
}
