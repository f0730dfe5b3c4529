// What the desk's thread measures itself: disk, log, desk, outbox, process.
import { stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { LedgerReader } from '@seg/ledger'
import { DeskSearch } from '../desk/desk-search.ts'
import type { MetricName, Sample } from './catalogue.ts'
import type { LogState } from './watch-log.ts'

/** Metrics whose values are replaced with each measurement. */
export const measuredHere: readonly MetricName[] = [
  'seg_storage_used_bytes',
  'seg_storage_free_bytes',
  'seg_storage_total_bytes',
  'seg_log_entries',
  'seg_log_consistent',
  'seg_dead_letters',
  'seg_partner_silent',
  'seg_backup_timestamp_seconds',
  'seg_sessions_active',
  'seg_approvals_pending',
  'seg_outbox_entries',
  'seg_outbox_oldest_timestamp_seconds',
  'seg_desk_lag_entries',
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
  'process_start_time_seconds',
]

const parts = {
  ledger: ['ledger.sqlite'],
  wal: ['ledger.sqlite-wal'],
  desk: ['desk.sqlite', 'desk.sqlite-wal'],
  audit: ['audit.sqlite', 'audit.sqlite-wal'],
} as const
/** Dead letters are counted up to here. */
const MOST = 10_000

export async function measureDisk(folder: string): Promise<Sample[]> {
  const { bavail, blocks, bsize } = await statfs(folder)
  const used = Object.entries(parts).map(async ([part, files]): Promise<Sample> => {
    const sizes = await Promise.all(
      files.map(file =>
        stat(join(folder, file)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    )
    return { name: 'seg_storage_used_bytes', labels: { part }, value: sizes.reduce((sum, size) => sum + size, 0) }
  })
  return [
    { name: 'seg_storage_free_bytes', value: bavail * bsize },
    { name: 'seg_storage_total_bytes', value: blocks * bsize },
    ...(await Promise.all(used)),
  ]
}

/** `read`: entries of the log that the desk has read. */
export function samplesOfLog({ entries, isConsistent }: LogState, read: number): Sample[] {
  return [
    { name: 'seg_log_entries', value: entries },
    { name: 'seg_log_consistent', value: Number(isConsistent) },
    { name: 'seg_desk_lag_entries', value: Math.max(0, entries - read) },
  ]
}

/** Those that somebody has to act on. `over`: by target, how many are not. */
export async function measureDeadLetters(
  ledger: Pick<LedgerReader, 'deadLetters'>,
  over: ReadonlyMap<string, number>,
): Promise<Sample[]> {
  const counts = new Map<string, number>()
  let left = MOST + [...over.values()].reduce((sum, count) => sum + count, 0)
  for await (const { cursor } of ledger.deadLetters()) {
    const [target = ''] = cursor.split(' ')
    counts.set(target, (counts.get(target) ?? 0) + 1)
    if (--left <= 0) break
  }
  return [...counts].map(([target, count]) => {
    const value = Math.max(0, count - (over.get(target) ?? 0))
    return { name: 'seg_dead_letters', labels: { target }, value }
  })
}

/** What waits in the outbox, as the desk has read it. */
export function measureOutbox(database: DatabaseSync): Sample[] {
  return new DeskSearch(database).waiting().flatMap(({ receiver, entries, since }): Sample[] => {
    const labels = { receiver }
    return [
      { name: 'seg_outbox_entries', labels, value: entries },
      { name: 'seg_outbox_oldest_timestamp_seconds', labels, value: since / 1000 },
    ]
  })
}

export function measureProcess(): Sample[] {
  const { user, system } = process.cpuUsage()
  return [
    { name: 'process_cpu_seconds_total', value: (user + system) / 1e6 },
    { name: 'process_resident_memory_bytes', value: process.memoryUsage.rss() },
    { name: 'process_start_time_seconds', value: Math.round(Date.now() / 1000 - process.uptime()) },
  ]
}
