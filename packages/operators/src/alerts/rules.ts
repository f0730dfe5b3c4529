// What an operator must know of: one row a rule. `deploy/prometheus/seg.rules.yml` is written from
// the same rows.
//
// Long because it is one table.
import {
  both,
  type Condition,
  gauge,
  grew,
  left,
  newestOlderThan,
  olderThan,
  outside,
  quantile,
  ratio,
  share,
} from './conditions.ts'

/** `none`: of the heartbeat, which a dead-man switch waits for. */
export type Severity = 'page' | 'ticket' | 'none'

export type Rule = {
  readonly name: string
  readonly when: Condition
  /** Seconds that the condition must hold. */
  readonly for: number
  readonly severity: Severity
  readonly isSecurity?: true
  /**
   * About what all nodes of one ledger read in it: one of them sends it. All others are about the
   * node itself.
   */
  readonly isShared?: true
  readonly summary: string
  /** What it means for documents and partners. */
  readonly impact: string
  /** What to type first. */
  readonly command: string
}

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const refused = { direction: 'in', outcome: /refused|conflict/ }
const accepted = { direction: 'in', outcome: 'accepted' }
const [notBefore, notAfter] = [
  'seg_certificate_not_before_timestamp_seconds',
  'seg_certificate_not_after_timestamp_seconds',
] as const
const diagnose = 'pnpm --filter receiver diagnose'
const facts = 'pnpm --filter receiver facts list'

export const rules: readonly Rule[] = [
  {
    name: 'SegDown',
    when: outside('up{job="seg"} == 0'),
    for: 2 * MINUTE,
    severity: 'page',
    summary: 'Prometheus cannot read the metrics of the gateway',
    impact: 'Partners may not be able to deliver; their senders try again.',
    command: diagnose,
  },
  {
    name: 'SegNotReady',
    when: gauge('seg_ready', '==', 0),
    for: 2 * MINUTE,
    severity: 'page',
    summary: 'The receiver is not ready for documents',
    impact: 'Documents are refused until the check that fails is repaired.',
    command: diagnose,
  },
  {
    name: 'SegLogInconsistent',
    when: gauge('seg_log_consistent', '==', 0),
    for: 0,
    severity: 'page',
    isShared: true,
    isSecurity: true,
    summary: 'The transparency log does not continue what it showed before',
    impact: 'Partners will refuse its receipts. Somebody has changed the database, or the disk is damaged.',
    command: 'pnpm --filter receiver log verify',
  },
  {
    name: 'SegLogRewrittenByPartner',
    when: grew('seg_log_rewritten_total', HOUR, 0, ['receiver']),
    for: 0,
    severity: 'page',
    isSecurity: true,
    summary: 'A receiver shows a log that does not continue what it showed before',
    impact: 'Its receipts prove nothing until that is explained; evidence is kept.',
    command: 'pnpm --filter sender log show',
  },
  {
    name: 'SegReceiptInvalid',
    when: grew('seg_receipts_invalid_total', 10 * MINUTE, 0, ['receiver']),
    for: 0,
    severity: 'page',
    isSecurity: true,
    summary: 'A receipt of a receiver did not verify',
    impact: 'Documents for it do not count as delivered.',
    command: 'pnpm --filter sender outbox list',
  },
  {
    name: 'SegConflict',
    when: grew('seg_documents_total', 5 * MINUTE, 0, ['partner'], { direction: 'in', outcome: 'conflict' }),
    for: 0,
    severity: 'ticket',
    isShared: true,
    isSecurity: true,
    summary: 'A partner sent other bytes under an id that it had used',
    impact: 'The first document counts. The partner has a defect, or somebody has its key.',
    command: `${facts} --outcome conflict`,
  },
  {
    name: 'SegRefusalRatio',
    when: both(
      ratio('seg_documents_total', 10 * MINUTE, 0.05, ['partner'], refused, { direction: 'in' }),
      grew('seg_documents_total', 10 * MINUTE, 10, ['partner'], refused),
    ),
    for: 10 * MINUTE,
    severity: 'ticket',
    isShared: true,
    summary: 'More than 5 % of what a partner sends is refused',
    impact: 'These documents do not arrive.',
    command: `${facts} --outcome refused`,
  },
  {
    name: 'SegSignatureAttack',
    when: grew('seg_documents_refused_total', 5 * MINUTE, 20, ['partner'], { code: /signature-.*/ }),
    for: 0,
    severity: 'page',
    isShared: true,
    isSecurity: true,
    summary: 'A partner sends many documents whose signature is not valid',
    impact: 'None is accepted. Somebody tries forgeries with its certificate, or its signer is broken.',
    command: facts,
  },
  {
    name: 'SegHandshakeFailures',
    when: grew('seg_tls_failures_total', 10 * MINUTE, 500, []),
    for: 10 * MINUTE,
    severity: 'ticket',
    summary: 'Many connections end before they are authenticated',
    impact: 'A partner may be locked out by its certificate, or strangers try the port.',
    command: `${facts} --kind connection`,
  },
  {
    name: 'SegLatency',
    when: quantile('seg_document_duration_seconds', 10 * MINUTE, 0.99, 1, { outcome: 'accepted' }),
    for: 10 * MINUTE,
    severity: 'ticket',
    summary: 'One in a hundred documents takes more than a second',
    impact: 'Partners wait for receipts. Large documents and slow lines count, too.',
    command: diagnose,
  },
  {
    name: 'SegOverloaded',
    when: ratio(
      'seg_documents_refused_total',
      5 * MINUTE,
      0.5,
      [],
      { code: /overloaded|rate-limit|storage-unavailable|internal/ },
      {},
    ),
    for: 5 * MINUTE,
    severity: 'page',
    summary: 'Most refusals are for want of room or time, not for what was sent',
    impact: 'Senders wait and try again; documents arrive late.',
    command: `${facts} --code overloaded`,
  },
  {
    name: 'SegEventLoop',
    when: {
      expression: 'seg_event_loop_delay_seconds{quantile="0.99"} > 0.2',
      find: history =>
        history
          .values('seg_event_loop_delay_seconds')
          .filter(({ labels, value }) => labels.quantile === '0.99' && value > 0.2),
    },
    for: 5 * MINUTE,
    severity: 'ticket',
    summary: 'The main thread is late by more than 200 ms',
    impact: 'Every answer is late by as much.',
    command: diagnose,
  },
  {
    name: 'SegStorageLow',
    when: share('seg_storage_free_bytes', 'seg_storage_total_bytes', 0.15),
    for: 10 * MINUTE,
    severity: 'ticket',
    summary: 'Less than 15 % of the disk is free',
    impact: 'Below the reserve no document is accepted.',
    command: diagnose,
  },
  {
    name: 'SegStorageCritical',
    when: share('seg_storage_free_bytes', 'seg_storage_total_bytes', 0.05),
    for: 0,
    severity: 'page',
    summary: 'Less than 5 % of the disk is free',
    impact: 'Soon no document is accepted.',
    command: diagnose,
  },
  {
    name: 'SegHandoffStuck',
    when: olderThan('seg_handoff_oldest_timestamp_seconds', 15 * MINUTE),
    for: 5 * MINUTE,
    severity: 'page',
    summary: 'Accepted documents are not handed on',
    impact: 'They are safe and receipted, and do not reach your own systems.',
    command: `${facts} --outcome postponed`,
  },
  {
    name: 'SegDeadLetter',
    when: grew('seg_handoff_attempts_total', 5 * MINUTE, 0, ['target'], { result: 'given-up' }),
    for: 0,
    severity: 'ticket',
    summary: 'A target does not take a document',
    impact: 'The document is kept; an operator must decide what becomes of it.',
    command: 'pnpm --filter receiver dead-letters',
  },
  {
    name: 'SegOutboxStuck',
    when: olderThan('seg_outbox_oldest_timestamp_seconds', 30 * MINUTE),
    for: 5 * MINUTE,
    severity: 'ticket',
    summary: 'A document of our own waits for more than half an hour',
    impact: 'It expires when its lifetime is over.',
    command: 'pnpm --filter sender outbox list',
  },
  {
    name: 'SegCertificateRenewalDue',
    when: left(notBefore, notAfter, 1 / 3),
    for: HOUR,
    severity: 'ticket',
    summary: 'A third of the lifetime of a certificate of ours is left',
    impact: 'Renew it in time, and tell partners who pin it.',
    command: diagnose,
  },
  {
    name: 'SegCertificateExpiring',
    when: left(notBefore, notAfter, 0.1),
    for: 0,
    severity: 'page',
    summary: 'A tenth of the lifetime of a certificate of ours is left, or none',
    impact: "When it is over, nothing is accepted any more; of the console's, no operator can log in.",
    command: diagnose,
  },
  {
    name: 'SegCertificateNotYetValid',
    when: {
      expression: `${notBefore} > time()`,
      find: history => history.values(notBefore).filter(({ value }) => value > history.time),
    },
    for: 0,
    severity: 'page',
    summary: 'A certificate of ours is not valid yet',
    impact: 'Partners refuse it; the clock may be wrong.',
    command: diagnose,
  },
  {
    name: 'SegCrlStale',
    when: left('seg_crl_this_update_timestamp_seconds', 'seg_crl_next_update_timestamp_seconds', 0.2),
    for: 10 * MINUTE,
    severity: 'ticket',
    summary: 'A revocation list is nearly out of date, or is',
    impact: 'Where a list is needed, its partners are refused (revocation-unknown).',
    command: diagnose,
  },
  {
    name: 'SegAuditForwardBehind',
    when: gauge('seg_audit_forward_lag_entries', '>', 1000),
    for: 10 * MINUTE,
    severity: 'ticket',
    isSecurity: true,
    summary: 'Audit records are not forwarded',
    impact: 'They are kept here, and missing where others look.',
    command: 'pnpm --filter receiver audit verify',
  },
  {
    name: 'SegAlertChannelBroken',
    when: gauge('seg_alert_channel_failing', '>', 0),
    for: 0,
    severity: 'page',
    summary: 'A channel of alerts takes none',
    impact: 'Alerts do not reach who reads it.',
    command: 'pnpm --filter receiver alerts test',
  },
  {
    name: 'SegDeskBehind',
    when: gauge('seg_desk_lag_entries', '>', 10_000),
    for: MINUTE,
    severity: 'ticket',
    summary: 'Facts for operators are late',
    impact: 'Documents are not affected. Searches, metrics and alerts lack the latest ones.',
    command: diagnose,
  },
  {
    name: 'SegSilentPartner',
    when: gauge('seg_partner_silent', '==', 1),
    for: 10 * MINUTE,
    severity: 'ticket',
    isShared: true,
    summary: 'A partner has sent nothing for two hours in which it always does',
    impact: 'Its documents may be stuck on its side, or on the way.',
    command: `${facts} --kind connection`,
  },
  {
    name: 'SegClockOff',
    when: grew('seg_documents_refused_total', 10 * MINUTE, 5, [], { code: /timestamp-stale|clock-behind/ }),
    for: 0,
    severity: 'ticket',
    isShared: true,
    summary: 'Documents are refused because two clocks do not agree',
    impact: 'With those of many partners it is the clock of this gateway, with those of one it is theirs.',
    command: 'timedatectl status',
  },
  {
    name: 'SegLoginFailures',
    when: grew('seg_logins_total', 10 * MINUTE, 10, [], { result: 'refused' }),
    for: 0,
    severity: 'ticket',
    isSecurity: true,
    summary: "Many logins at the operators' listener are refused",
    impact: 'Somebody may be trying credentials.',
    command: 'pnpm --filter receiver audit list',
  },
  {
    name: 'SegAdminActAtNight',
    when: grew('seg_night_acts_total', 15 * MINUTE, 0, ['action']),
    for: 0,
    severity: 'ticket',
    isSecurity: true,
    summary: 'Keys, partners or rights were changed outside office hours',
    impact: 'If nobody of yours did it, somebody else decides whom the gateway relies on.',
    command: 'pnpm --filter receiver audit list --limit 20',
  },
  {
    name: 'SegBackupOld',
    when: olderThan('seg_backup_timestamp_seconds', 26 * HOUR),
    for: 0,
    severity: 'ticket',
    summary: 'The latest verified backup is older than 26 hours',
    impact: 'What was accepted since then is lost with the disk.',
    command: 'pnpm --filter receiver backup /backup/receiver',
  },
  {
    name: 'SegWitnessOld',
    when: both(
      newestOlderThan('seg_log_read_timestamp_seconds', DAY, []),
      grew('seg_documents_total', HOUR, 10, [], accepted),
    ),
    for: 10 * MINUTE,
    severity: 'ticket',
    isShared: true,
    isSecurity: true,
    summary: 'No partner has read the transparency log for a day, and documents arrive',
    impact: 'Receipts verify, but nobody checks that the log continues: one that is rewritten stays unnoticed.',
    command: 'pnpm --filter receiver log verify',
  },
  {
    name: 'SegWitnessLost',
    when: both(
      newestOlderThan('seg_witness_checkpoint_timestamp_seconds', DAY, ['partner']),
      grew('seg_documents_total', HOUR, 0, ['partner'], accepted),
    ),
    for: 10 * MINUTE,
    severity: 'ticket',
    isShared: true,
    isSecurity: true,
    summary: 'A partner that read the transparency log does not any more, and sends documents',
    impact: 'Its sender has stopped checking that the log continues, or cannot read it: ask its operator.',
    command: `${facts} --outcome accepted`,
  },
  {
    name: 'SegHeartbeat',
    when: outside('vector(1)'),
    for: 0,
    severity: 'none',
    summary: 'It always fires: when it does not arrive, alerts do not',
    impact: 'None. Send it to a service that reports when it is missing.',
    command: 'pnpm --filter receiver alerts test',
  },
  {
    name: 'SegFactsLost',
    when: grew('seg_desk_lost_facts_total', HOUR, 0, []),
    for: 0,
    severity: 'ticket',
    summary: 'Facts were not recorded',
    impact: 'What the ledger has is complete. Refusals and times of that moment are missing.',
    command: `${facts} --kind gap`,
  },
]

/** Seconds after which an alert that is still firing is sent again. */
export const REPEAT = DAY

export function ruleOf(name: string): Rule | undefined {
  return rules.find(rule => rule.name === name)
}
