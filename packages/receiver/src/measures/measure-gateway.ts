// What the main thread knows at once, for the metrics: nothing here waits or asks a database but
// for the cursors of the audit trail.
import type { X509Certificate } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Forwarding, Sample } from '@seg/operators'
import type { Reload } from '../credentials/follow-credentials.ts'
import type { Gate } from '../gate.ts'
import type { HandOff } from '../hand-off/sender-lanes.ts'
import type { ConnectionProcess, RunningReceiver } from '../http/start-receiver.ts'
import { version } from '../open-ledger.ts'
import type { ReadConsoleCertificate } from '../own-certificates.ts'
import type { Readiness } from './readiness.ts'

export type Measured = {
  readonly receiver: Pick<RunningReceiver, 'connections' | 'handshakes' | 'processes'>
  readonly handOffs: readonly HandOff[]
  readonly forwarding: Forwarding | undefined
  readonly readiness: Pick<Readiness, 'last'>
  readonly consoleCertificate: ReadConsoleCertificate
  readonly credentials: { readonly reload: Reload }
  readonly eventGaps: { readonly value: number }
}

/** Milliseconds between two samples of the delay, and that a window of them is at least. */
const [RESOLUTION, WINDOW] = [50, 10_000]

export function openGatewayMeasure(gate: Gate, measured: Measured): () => Sample[] {
  const delay = openDelay()
  return () => [
    { name: 'seg_build_info', labels: { version, node: gate.node }, value: 1 },
    { name: 'seg_ready', value: Number(measured.readiness.last().isReady) },
    { name: 'seg_storage_room', value: Number(gate.room.trouble === '') },
    ...delay(),
    ...samplesOfUploads(gate),
    ...samplesOfWriter(gate),
    ...samplesOfReload(measured.credentials.reload),
    { name: 'seg_event_gaps_total', value: measured.eventGaps.value },
    { name: 'seg_tls_handshakes_total', value: measured.receiver.handshakes() },
    ...[...measured.receiver.connections()].map(
      ([partner, value]): Sample => ({ name: 'seg_connections_active', labels: { partner }, value }),
    ),
    ...(measured.receiver.processes?.() ?? []).flatMap(samplesOfProcess),
    ...measured.handOffs.flatMap(samplesOfHandOff),
    ...(measured.forwarding?.lag() ?? []).map(
      ({ sink, records }): Sample => ({ name: 'seg_audit_forward_lag_entries', labels: { sink }, value: records }),
    ),
    ...samplesOfCredentials(gate, measured.consoleCertificate()),
    ...gate.witnesses.samples(),
  ]
}

function openDelay(): () => Sample[] {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION })
  histogram.enable()
  let begin = performance.now()
  let last: Sample[] = []
  return () => {
    if (performance.now() - begin < WINDOW && last.length > 0) return last
    begin = performance.now()
    // Each sample includes the time that the timer itself takes.
    last = ['0.5', '0.99', '1'].map(quantile => ({
      name: 'seg_event_loop_delay_seconds',
      labels: { quantile },
      value: Math.max(0, histogram.percentile(Number(quantile) * 100) / 1e9 - RESOLUTION / 1000),
    }))
    histogram.reset()
    return last
  }
}

function samplesOfUploads({ uploads, limits }: Gate): Sample[] {
  const { all, large } = uploads.active()
  return [
    { name: 'seg_uploads_active', labels: { size: 'small' }, value: all - large },
    { name: 'seg_uploads_active', labels: { size: 'large' }, value: large },
    { name: 'seg_uploads_limit', labels: { size: 'small' }, value: limits.uploads },
    { name: 'seg_uploads_limit', labels: { size: 'large' }, value: limits.largeUploads },
  ]
}

function samplesOfProcess({ number, isListening, starts, cpu, memory }: ConnectionProcess): Sample[] {
  const labels = { process: `${number}` }
  return [
    { name: 'seg_connection_process_up', labels, value: Number(isListening) },
    { name: 'seg_connection_process_starts_total', labels, value: starts },
    { name: 'seg_connection_process_cpu_seconds_total', labels, value: cpu },
    { name: 'seg_connection_process_resident_memory_bytes', labels, value: memory },
  ]
}

function samplesOfWriter({ ledger }: Gate): Sample[] {
  const { waiting, commits, commitTime } = ledger.load
  return [
    { name: 'seg_ledger_queue_length', value: waiting },
    { name: 'seg_ledger_commits_total', value: commits },
    { name: 'seg_ledger_commit_seconds_total', value: commitTime / 1000 },
  ]
}

function samplesOfReload({ takenAt, isTaken }: Reload): Sample[] {
  return [
    { name: 'seg_config_reload_timestamp_seconds', value: takenAt / 1000 },
    { name: 'seg_config_reload_ok', value: Number(isTaken) },
  ]
}

function samplesOfHandOff(handOff: HandOff): Sample[] {
  const labels = { target: handOff.target }
  const { senders, since } = handOff.waiting()
  const oldest: Sample[] =
    since === undefined ? [] : [{ name: 'seg_handoff_oldest_timestamp_seconds', labels, value: since / 1000 }]
  return [{ name: 'seg_handoff_waiting_senders', labels, value: senders }, ...oldest]
}

function samplesOfCredentials({ credentials }: Gate, ofConsole: X509Certificate | undefined): Sample[] {
  const { identity, seal, trust, policy } = credentials.current
  return [
    ...samplesOfCertificate('tls-server', identity.certificate),
    ...samplesOfCertificate('seal', seal.certificate),
    ...(ofConsole === undefined ? [] : samplesOfCertificate('console', ofConsole)),
    ...trust.authorities.flatMap(({ certificate }) => samplesOfCertificate('ca', certificate)),
    ...policy.crls.flatMap(({ issuer, thisUpdate, nextUpdate }): Sample[] => [
      { name: 'seg_crl_this_update_timestamp_seconds', labels: { issuer }, value: thisUpdate / 1000 },
      { name: 'seg_crl_next_update_timestamp_seconds', labels: { issuer }, value: nextUpdate / 1000 },
    ]),
    ...policy.partners.map(
      ({ id, state }): Sample => ({ name: 'seg_partner_info', labels: { partner: id, state }, value: 1 }),
    ),
  ]
}

function samplesOfCertificate(use: string, { fingerprint256, validFromDate, validToDate }: X509Certificate): Sample[] {
  const [from, to] = [validFromDate.getTime() / 1000, validToDate.getTime() / 1000]
  const labels = { use, fingerprint: fingerprint256.replaceAll(':', '').slice(0, 8).toLowerCase() }
  return [
    { name: 'seg_certificate_not_before_timestamp_seconds', labels, value: from },
    { name: 'seg_certificate_not_after_timestamp_seconds', labels, value: to },
    // As the rule SegCertificateRenewalDue has it.
    { name: 'seg_certificate_renewal_due_timestamp_seconds', labels, value: to - (to - from) / 3 },
  ]
}
