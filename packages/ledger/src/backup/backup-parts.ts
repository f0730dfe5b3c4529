// What a data folder of each kind is made of, for its backups.
import type { DatabaseSync } from 'node:sqlite'
import { Fault, quote } from '@seg/core'
import type { FolderKind } from '../files/data-folder.ts'
import { outboxFolder } from '../outbox/sqlite-outbox.ts'
import { ledgerFolder } from '../sqlite/sqlite-ledger.ts'

/** A file that a row of the main database names, with its path in the data folder. */
export type DescribedFile = { readonly path: string; readonly bytes: number; readonly sha256: string }

export type BackupParts = {
  readonly kind: FolderKind
  /**
   * In the order of their moments. The desk before the ledger: it follows, so what it has is in the
   * ledger. The audit trail after it: each record that an entry names is in the copy.
   */
  readonly databases: readonly string[]
  /** Files that may be missing, taken before the databases: what they say is not newer. */
  readonly files: readonly string[]
  /** Folders whose files are taken as they are found, after the databases. */
  readonly folders: readonly string[]
  named(main: DatabaseSync): Iterable<DescribedFile>
}

const CONTENT = /^[0-9a-f]{32}$/
/** A path that stays in the folder, on any system. */
const INSIDE = /^deliveries([/\\][\w-][\w.-]*)+$/

export const backupParts: Readonly<Record<'receiver' | 'sender', BackupParts>> = {
  receiver: {
    kind: ledgerFolder,
    databases: ['desk.sqlite', 'dead-letters.sqlite', ledgerFolder.database, 'audit.sqlite'],
    files: ['trust.json'],
    folders: ['revocation'],
    *named(main) {
      const rows = main.prepare(
        `SELECT name, bytes, sha256 FROM content_files JOIN documents USING (leaf_index) ORDER BY leaf_index`,
      )
      for (const { name, bytes, sha256 } of rows.iterate())
        yield { path: `contents/${checkName(String(name), CONTENT)}`, bytes: Number(bytes), sha256: String(sha256) }
    },
  },
  sender: {
    kind: outboxFolder,
    databases: ['desk.sqlite', outboxFolder.database, 'audit.sqlite'],
    files: [],
    folders: ['deliveries', 'evidence'],
    *named(main) {
      const rows = main.prepare('SELECT document, bytes, sha256 FROM outbox GROUP BY document ORDER BY number')
      for (const { document, bytes, sha256 } of rows.iterate())
        yield { path: checkName(String(document), INSIDE), bytes: Number(bytes), sha256: String(sha256) }
    },
  },
}

/** A row of a database that somebody else wrote must not name a file elsewhere. */
function checkName(name: string, form: RegExp): string {
  if (form.test(name)) return name
  throw new Fault('backup-invalid', `the database names a file ${quote(name)}, which is no name that we give`)
}
