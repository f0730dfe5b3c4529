// What the audit trail says that somebody must know of: logins that were refused, sensitive acts at
// night, the age of the latest backup.

import type { AuditRecord } from '../audit/audit-record.ts'
import { type AuditTrail, type KeptRecord, openAuditReader } from '../audit/audit-trail.ts'
import type { Sample } from './catalogue.ts'
import type { MetricStore } from './metric-store.ts'

/** Records that are read at a time, in one look, and back for the latest backup. */
const PAGE = 500
const MOST = 20_000
/** Acts on these decide whom the gateway relies on. */
const sensitive: readonly string[] = ['key', 'partner', 'authorization']
/** Hours of the gateway's own time, Monday to Friday, in which somebody is expected to act. */
const [OFFICE_FROM, OFFICE_TO] = [6, 20]

export type AuditWatch = {
  /** Counts what is new, and measures the rest. */
  look(): Sample[]
  close(): void
}

export function watchAudit(folder: string, metrics: MetricStore): AuditWatch {
  let reader: AuditTrail | undefined
  let seen = 0
  let backup: number | undefined
  const take = ({ action, category, outcome, at }: AuditRecord) => {
    if (action === 'authentication.login') metrics.add('seg_logins_total', { result: 'accepted' })
    if (action === 'authentication.login-refused') metrics.add('seg_logins_total', { result: 'refused' })
    if (outcome !== 'pending') metrics.add('seg_admin_acts_total', { action, outcome })
    if (outcome !== 'success') return
    if (action === 'system.backed-up') backup = Date.parse(at)
    if (sensitive.includes(category) && isNight(new Date(at))) metrics.add('seg_night_acts_total', { action })
  }
  return {
    look() {
      reader ??= openAuditReader(folder)
      if (reader === undefined) return []
      if (seen === 0) {
        seen = reader.newest
        backup = findBackup(reader)
      }
      for (let read = 0; read < MOST; read += PAGE) {
        const records = reader.after(seen, PAGE)
        for (const record of records) take(recordOf(record))
        seen = records.at(-1)?.number ?? seen
        if (records.length < PAGE) break
      }
      return backup === undefined ? [] : [{ name: 'seg_backup_timestamp_seconds', value: backup / 1000 }]
    },
    close() {
      reader?.close()
      reader = undefined
    },
  }
}

/** Without one, the first record: a gateway that runs for a day without a backup needs one. */
function findBackup(reader: AuditTrail): number | undefined {
  const { newest } = reader
  for (let top = newest; top > Math.max(0, newest - MOST); top -= PAGE) {
    const bottom = Math.max(0, top - PAGE)
    const found = reader
      .after(bottom, top - bottom)
      .map(recordOf)
      .findLast(({ action, outcome }) => action === 'system.backed-up' && outcome === 'success')
    if (found !== undefined) return Date.parse(found.at)
  }
  const [first] = reader.after(0, 1)
  return first && Date.parse(recordOf(first).at)
}

function recordOf({ text }: KeptRecord): AuditRecord {
  return JSON.parse(text) as AuditRecord
}

function isNight(at: Date): boolean {
  const isWeekend = at.getDay() === 0 || at.getDay() === 6
  return isWeekend || at.getHours() < OFFICE_FROM || at.getHours() >= OFFICE_TO
}
