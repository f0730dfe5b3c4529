// A ledger belongs to one log with one key: it is bound to them at its first start, and another log
// or key opens it no more.
import type { DatabaseSync } from 'node:sqlite'
import { Fault } from '@seg/core'
import { type LogKey, openCheckpoint, parseVerifierKey, verifierKeyOf } from '../../log/checkpoint.ts'
import { checkBound, type KeyRange } from '../../log/log-keys.ts'

/**
 * Binds a ledger that is not bound yet, provided that its latest checkpoint is of this log and key,
 * and refuses one that is bound to others with the Fault `configuration`. Crash on the way: bound
 * or not, and the next start does the same.
 */
export function bindLog(database: DatabaseSync, key: LogKey): void {
  const present = verifierKeyOf(key)
  const bound = readKeyRanges(database).at(-1)
  if (bound === undefined) {
    checkLatest(database, present)
    database.prepare('INSERT INTO log_keys (from_size, verifier_key) VALUES (0, ?)').run(present)
    return
  }
  checkBound(bound.verifierKey, present)
}

/**
 * The keys in their order, as they are stored; none in a ledger that no start of this version has
 * opened.
 */
export function readKeyRanges(database: DatabaseSync): KeyRange[] {
  if (database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'log_keys'").get() === undefined) return []
  return database
    .prepare('SELECT from_size, verifier_key FROM log_keys ORDER BY from_size')
    .all()
    .map(row => ({ from: Number(row.from_size), verifierKey: String(row.verifier_key) }))
}

function checkLatest(database: DatabaseSync, verifierKey: string): void {
  const row = database.prepare('SELECT note FROM checkpoints ORDER BY tree_size DESC LIMIT 1').get()
  if (row === undefined) return
  try {
    openCheckpoint(String(row.note), parseVerifierKey(verifierKey))
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause
    throw new Fault(
      'configuration',
      `the log in the data folder was not signed with log.key (${verifierKey}): ${cause.detail}; ` +
        'put back the former keys and certificates, or use another data folder (--data)',
      { cause },
    )
  }
}
