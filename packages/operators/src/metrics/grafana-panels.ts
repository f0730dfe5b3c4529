// What the dashboard for Grafana shows: one row a panel, of metrics of the catalogue.
import type { MetricName } from './catalogue.ts'

type Unit = 's' | 'bytes' | 'percentunit' | 'short' | 'ops' | 'Bps' | 'bool_yes_no' | 'dateTimeFromNow'
type Query = { readonly expr: string; readonly legend: string }

export type DashboardPanel = {
  readonly title: string
  /** What it means, and what to do about it. */
  readonly about: string
  readonly unit: Unit
  readonly queries: readonly Query[]
  /** Shows only the latest number. */
  readonly isNumber?: true
  /** It is red from this value on; with `isRedBelow`, below it. */
  readonly red?: number
  readonly isRedBelow?: true
}

export const dashboardSections: readonly { readonly title: string; readonly panels: readonly DashboardPanel[] }[] = [
  {
    title: 'State',
    panels: [
      number('Ready', 'Whether documents can be accepted: /readyz says what fails.', 'bool_yes_no', {
        expr: `min(${of('seg_ready')})`,
        ...{ red: 1, isRedBelow: true },
      }),
      number('Log consistent', 'Whether the log continues what it showed before.', 'bool_yes_no', {
        expr: `min(${of('seg_log_consistent')})`,
        ...{ red: 1, isRedBelow: true },
      }),
      number('Alerts', 'Alerts that fire: receiver alerts list.', 'short', {
        expr: `sum(${of('seg_alerts_firing')})`,
        red: 1,
      }),
      number('Accepted in an hour', 'Documents that got their first receipt.', 'short', {
        expr: `sum(increase(${of('seg_documents_total', 'direction="in", outcome="accepted"')}[1h]))`,
      }),
      number('Refused in an hour', 'Refused documents and requests, by code below.', 'short', {
        expr: `sum(increase(${of('seg_documents_refused_total')}[1h]))`,
      }),
      number('Free disk', 'Below the reserve no document is accepted.', 'percentunit', {
        expr: `min(${of('seg_storage_free_bytes')} / ${of('seg_storage_total_bytes')})`,
        ...{ red: 0.15, isRedBelow: true },
      }),
      number('Next certificate ends in', 'The first of our own certificates to end.', 's', {
        expr: `min(${of('seg_certificate_not_after_timestamp_seconds')} - time())`,
        ...{ red: 7 * 24 * 3600, isRedBelow: true },
      }),
      number('Age of the backup', 'Of the latest verified one.', 's', {
        expr: `time() - max(${of('seg_backup_timestamp_seconds')})`,
        red: 26 * 3600,
      }),
    ],
  },
  {
    title: 'Documents',
    panels: [
      graph('Documents by outcome', 'Those that arrive.', 'ops', [
        rate('seg_documents_total', ['outcome'], 'direction="in"'),
      ]),
      graph('Refusals by code', 'docs/faults.md says what each code means.', 'ops', [
        rate('seg_documents_refused_total', ['code']),
      ]),
      graph('Accepted documents by partner', 'A line that falls to zero: SegSilentPartner.', 'ops', [
        rate('seg_documents_total', ['partner'], 'direction="in", outcome="accepted"'),
      ]),
      graph('Time of a document', 'First byte to answer; large documents and slow lines count, too.', 's', [
        quantile(0.5, 'seg_document_duration_seconds', 'outcome="accepted"'),
        quantile(0.99, 'seg_document_duration_seconds', 'outcome="accepted"'),
      ]),
      graph('Steps of a document', 'Mean time of each.', 's', [
        {
          expr:
            `sum by (step) (rate(${of('seg_document_step_duration_seconds', '', '_sum')}[$__rate_interval])) / ` +
            `sum by (step) (rate(${of('seg_document_step_duration_seconds', '', '_count')}[$__rate_interval]))`,
          legend: '{{step}}',
        },
      ]),
      graph('Octets', 'Canonical octets that were digested, and the mean size of documents.', 'bytes', [
        { ...rate('seg_verified_bytes_total', []), legend: 'digested a second' },
        {
          expr:
            `sum(rate(${of('seg_document_size_bytes', '', '_sum')}[$__rate_interval])) / ` +
            `sum(rate(${of('seg_document_size_bytes', '', '_count')}[$__rate_interval]))`,
          legend: 'mean size',
        },
      ]),
    ],
  },
  {
    title: 'Connections',
    panels: [
      graph('Connections by partner', 'Those that are open.', 'short', [
        { expr: `sum by (partner) (${of('seg_connections_active')})`, legend: '{{partner}}' },
      ]),
      graph('Handshakes', 'That succeeded, with a client of a known CA.', 'ops', [
        { ...rate('seg_tls_handshakes_total', []), legend: 'handshakes' },
      ]),
      graph('Connections that failed', 'Before they were authenticated.', 'ops', [
        rate('seg_tls_failures_total', ['code']),
      ]),
      graph('Documents by key agreement', 'classical: without ML-KEM.', 'ops', [
        rate('seg_tls_documents_total', ['version', 'group']),
      ]),
      graph('Uploads', 'Documents being received, and the most that may be.', 'short', [
        { expr: `sum by (size) (${of('seg_uploads_active')})`, legend: '{{size}}' },
        { expr: `sum by (size) (${of('seg_uploads_limit')})`, legend: '{{size}}: limit' },
      ]),
    ],
  },
  {
    title: 'Hand-off and deliveries',
    panels: [
      graph('Hand-off', 'Documents offered to inbox, webhook and NATS.', 'ops', [
        rate('seg_handoff_attempts_total', ['target', 'result']),
      ]),
      graph('Waits for the hand-off', 'Since the sender that waits longest made progress.', 's', [
        { expr: `time() - min by (target) (${of('seg_handoff_oldest_timestamp_seconds')})`, legend: '{{target}}' },
      ]),
      graph('Senders that wait, dead letters', 'receiver dead-letters lists them.', 'short', [
        { expr: `sum by (target) (${of('seg_handoff_waiting_senders')})`, legend: '{{target}}: senders' },
        { expr: `sum by (target) (${of('seg_dead_letters')})`, legend: '{{target}}: dead letters' },
      ]),
      graph('Outbox', 'Our own documents that wait.', 'short', [
        { expr: `sum by (receiver) (${of('seg_outbox_entries')})`, legend: '{{receiver}}' },
      ]),
      graph('Deliveries', 'Documents of our own outbox that are settled, and tries.', 'ops', [
        rate('seg_deliveries_total', ['receiver', 'state']),
        { ...rate('seg_delivery_attempts_total', ['receiver']), legend: '{{receiver}}: tries' },
      ]),
      graph('Time of a delivery', 'Queued to verified receipt.', 's', [
        quantile(0.5, 'seg_delivery_duration_seconds'),
        quantile(0.99, 'seg_delivery_duration_seconds'),
      ]),
    ],
  },
  {
    title: 'Log and evidence',
    panels: [
      graph('Entries of the log', 'Documents, refusals, acts.', 'short', [
        { expr: `max(${of('seg_log_entries')})`, legend: 'entries' },
      ]),
      graph('Time of a commit', 'Of the ledger, with the wait of its oldest request.', 's', [
        {
          expr:
            `sum(rate(${of('seg_ledger_commit_seconds_total')}[$__rate_interval])) / ` +
            `sum(rate(${of('seg_ledger_commits_total')}[$__rate_interval]))`,
          legend: 'mean',
        },
      ]),
      graph('Waits for a commit', 'Requests in the queue of the ledger.', 'short', [
        { expr: `max(${of('seg_ledger_queue_length')})`, legend: 'requests' },
      ]),
      graph('Partners that read the log', 'Since each has last read it.', 's', [
        {
          expr: `time() - max by (partner) (${of('seg_witness_checkpoint_timestamp_seconds')})`,
          legend: '{{partner}}',
        },
      ]),
      graph('Evidence that failed', 'Of receivers that we send to.', 'short', [
        increase('seg_receipts_invalid_total', ['receiver'], 'receipts'),
        increase('seg_log_rewritten_total', ['receiver'], 'log'),
      ]),
    ],
  },
  {
    title: 'Operators',
    panels: [
      graph('Logins', "At the operators' listener.", 'short', [increase('seg_logins_total', ['result'], 'logins')]),
      graph('Sessions, approvals', 'People logged in, and acts that wait for another person.', 'short', [
        { expr: `sum by (role) (${of('seg_sessions_active')})`, legend: '{{role}}' },
        { expr: `sum(${of('seg_approvals_pending')})`, legend: 'approvals' },
      ]),
      graph('Certificates, partners and types taken', '0: what changed on the disk is refused.', 'short', [
        { expr: `min(${of('seg_config_reload_ok')})`, legend: 'taken' },
      ]),
      graph('Acts', 'In the audit trail, and logins.', 'short', [
        increase('seg_admin_acts_total', ['action', 'outcome'], 'acts'),
      ]),
      graph('Acts at night', 'On keys, partners and rights.', 'short', [
        increase('seg_night_acts_total', ['action'], 'acts'),
      ]),
      graph(
        'What is behind',
        'Audit records that a sink lacks, entries that the desk has not read, facts lost, events that readers lost.',
        'short',
        [
          { expr: `max by (sink) (${of('seg_audit_forward_lag_entries')})`, legend: 'audit: {{sink}}' },
          { expr: `max(${of('seg_desk_lag_entries')})`, legend: 'desk' },
          increase('seg_desk_lost_facts_total', [], 'lost'),
          increase('seg_event_gaps_total', [], 'gaps of readers'),
        ],
      ),
      graph('Notifications', 'Alerts that were sent.', 'short', [
        increase('seg_alert_notifications_total', ['channel', 'result'], 'sent'),
      ]),
    ],
  },
  {
    title: 'Process',
    panels: [
      graph('Delay of the main thread', 'Every answer is late by as much.', 's', [
        {
          expr: `max by (quantile) (${of('seg_event_loop_delay_seconds')})`,
          legend: '{{quantile}}',
        },
      ]),
      graph('Processor', 'Processors in use, and those of each connection process.', 'short', [
        { expr: `sum(rate(${of('process_cpu_seconds_total')}[$__rate_interval]))`, legend: 'processors' },
        rate('seg_connection_process_cpu_seconds_total', ['process']),
      ]),
      graph('Memory', 'Of the process with the ledger, and of each connection process.', 'bytes', [
        { expr: `max(${of('process_resident_memory_bytes')})`, legend: 'resident' },
        {
          expr: `max by (process) (${of('seg_connection_process_resident_memory_bytes')})`,
          legend: '{{process}}',
        },
      ]),
      graph('Connection processes', 'Those that take connections, and starts.', 'short', [
        { expr: `sum(${of('seg_connection_process_up')})`, legend: 'take connections' },
        increase('seg_connection_process_starts_total', ['process'], 'starts'),
      ]),
      graph('Storage', 'Size of what is kept.', 'bytes', [
        { expr: `sum by (part) (${of('seg_storage_used_bytes')})`, legend: '{{part}}' },
      ]),
    ],
  },
]

function number(
  title: string,
  about: string,
  unit: Unit,
  { expr, ...limits }: Pick<DashboardPanel, 'red' | 'isRedBelow'> & { readonly expr: string },
): DashboardPanel {
  return { title, about, unit, queries: [{ expr, legend: title }], isNumber: true, ...limits }
}

function graph(title: string, about: string, unit: Unit, queries: readonly Query[]): DashboardPanel {
  return { title, about, unit, queries }
}

/** The series of the chosen gateways. */
function of(name: MetricName, selector = '', end: '' | '_sum' | '_count' | '_bucket' = ''): string {
  return `${name}${end}{${selector === '' ? '' : `${selector}, `}instance=~"$instance"}`
}

function rate(name: MetricName, by: readonly string[], selector = ''): Query {
  return { expr: `${sumBy(by)} (rate(${of(name, selector)}[$__rate_interval]))`, legend: legendOf(by) }
}

function increase(name: MetricName, by: readonly string[], what: string): Query {
  const legend = by.length === 0 ? what : `${what}: ${legendOf(by)}`
  return { expr: `${sumBy(by)} (increase(${of(name)}[$__range]))`, legend }
}

function quantile(q: number, name: MetricName, selector = ''): Query {
  const buckets = `sum by (le) (rate(${of(name, selector, '_bucket')}[$__rate_interval]))`
  return { expr: `histogram_quantile(${q}, ${buckets})`, legend: `${q * 100} %` }
}

function sumBy(by: readonly string[]): string {
  return by.length === 0 ? 'sum' : `sum by (${by.join(', ')})`
}

function legendOf(by: readonly string[]): string {
  return by.map(label => `{{${label}}}`).join(' ')
}
