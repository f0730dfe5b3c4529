// Records of the audit trail become entries of the log: the digest of the record, and a pseudonym.
import type { Ledger } from '@seg/ledger'
import type { AuditRecord } from './audit-record.ts'
import type { AuditTrail } from './audit-trail.ts'

/** Records in one step. */
const STEP = 100

/**
 * Crash between an entry and its note here: the record gets a second entry, which says the same.
 * Throws the Faults `storage-unavailable`, `overloaded` and `clock-behind`.
 */
export async function enterRecords(trail: AuditTrail, ledger: Pick<Ledger, 'record'>, now: () => Date): Promise<void> {
  for (;;) {
    const records = trail.notEntered(STEP)
    for (const { number, text, digest } of records) {
      const { action, actor, on } = JSON.parse(text) as AuditRecord
      const by = trail.pseudonym(actor.id)
      const event = { type: 'admin', at: now().toISOString(), action, subject: on.id, by, record: digest } as const
      trail.setLeaf(number, await ledger.record(event))
    }
    if (records.length < STEP) return
  }
}
