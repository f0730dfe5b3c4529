// Who is logged in, and what waits for a second person: as the operators' listener keeps it, for
// there is no other copy.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { type Migrations, openDatabaseReader } from '@seg/ledger'
import { ACCESS_FILE, accessMigrations } from '../access/access-schema.ts'
import { AccessStore } from '../access/access-store.ts'
import { roleNames } from '../access/roles.ts'
import { APPROVALS_FILE, ApprovalStore, approvalMigrations } from '../approvals/approval-store.ts'
import type { Sample } from './catalogue.ts'

export type AccessWatch = {
  /** Nothing of a listener that was never there. */
  look(now: Date): Sample[]
  close(): void
}

export function watchAccess(folder: string): AccessWatch {
  const [accessPath, approvalPath] = [join(folder, ACCESS_FILE), join(folder, APPROVALS_FILE)]
  let access: AccessStore | undefined
  let approvals: ApprovalStore | undefined
  return {
    look(now) {
      access ??= openStore(accessPath, accessMigrations, 'sessions', AccessStore)
      approvals ??= openStore(approvalPath, approvalMigrations, 'approvals', ApprovalStore)
      const sessions = access?.countSessions(now)
      return [
        ...(sessions === undefined
          ? []
          : roleNames.map(
              (role): Sample => ({ name: 'seg_sessions_active', labels: { role }, value: sessions.get(role) ?? 0 }),
            )),
        ...(access === undefined
          ? []
          : [{ name: 'seg_approvals_pending', value: approvals?.countWaiting(now) ?? 0 } as const]),
      ]
    },
    close() {
      access?.close()
      approvals?.close()
    },
  }
}

/** Undefined while there is none, or its tables are being made. */
function openStore<Store>(
  path: string,
  migrations: Migrations,
  table: string,
  Kind: new (database: DatabaseSync) => Store,
): Store | undefined {
  if (!existsSync(path)) return undefined
  const database = openDatabaseReader(path, migrations)
  if (database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table) !== undefined) return new Kind(database)
  database.close()
  return undefined
}
