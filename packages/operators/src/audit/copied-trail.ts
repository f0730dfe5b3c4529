// The audit trail of a backup, and of a data folder that is made of one.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { onDatabase, openDatabase } from '@seg/ledger'
import type { AuditRecord } from './audit-record.ts'
import { AUDIT_FILE, auditMigrations } from './audit-schema.ts'
import { AuditTrail, openAuditReader } from './audit-trail.ts'
import { checkTrail } from './check-trail.ts'

/** The action of the record that a data folder comes from a backup. */
const RESTORED = 'system.restored'
const STEP = 100

/**
 * Makes the copy in `folder` one of the same moment as its log of `size` entries, and verifies it:
 * records whose entries came later are not entered yet. Throws the Faults `log-invalid` and
 * `storage-unavailable`.
 */
export async function settleCopiedTrail(folder: string, size?: number): Promise<void> {
  const path = join(folder, AUDIT_FILE)
  if (!existsSync(path)) return
  if (size !== undefined) forgetEntries(path, size)
  const trail = openAuditReader(folder)
  try {
    await checkTrail(trail, folder, size !== undefined)
  } finally {
    trail?.close()
  }
}

/** Of a folder whose main database has no name yet: the one who restores it has claimed it. */
export async function openRestoredTrail(folder: string, version: string): Promise<AuditTrail> {
  return new AuditTrail(await openDatabase(join(folder, AUDIT_FILE), auditMigrations), version)
}

/** The backup that this data folder was made of, until the log says so. */
export function findRestored(trail: AuditTrail): string | undefined {
  return trail
    .notEntered(STEP)
    .map(({ text }) => JSON.parse(text) as AuditRecord)
    .find(({ action, outcome }) => action === RESTORED && outcome === 'success')?.on.id
}

export function restoredAct(backup: string) {
  return { action: RESTORED, category: 'system', on: { kind: 'backup', id: backup } } as const
}

function forgetEntries(path: string, size: number): void {
  onDatabase(`write ${path}`, () => {
    const copy = new DatabaseSync(path)
    try {
      copy.prepare('UPDATE records SET leaf_index = NULL WHERE leaf_index >= ?').run(size)
    } finally {
      copy.close()
    }
  })
}
