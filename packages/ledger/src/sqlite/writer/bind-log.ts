// A ledger belongs to one log with one key: it is bound to them at its first start, and another log
// or key opens it no more.
import type { DatabaseSync } from 'node:sqlite'
import { Fault, quote } from '@seg/core'
import { type LogKey, openCheckpoint, parseVerifierKey, verifierKeyOf } from '../../log/checkpoint.ts'
import type { KeyRange } from '../../log/log-keys.ts'

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
 * That a ledger bound to one log and key is opened with the same. Throws the Fault `configuration`.
 */
export function checkBound(bound: string, present: string): void {
  if (bound === present) return
  const [theirs, ours] = [bound, present].map(text => text.split('+'))
  if (theirs![0] !== ours![0])
    throw new Fault(
      'configuration',
      `the data folder is that of the receiver ${nameOf(theirs![0]!)}, the certificates are those of ${nameOf(ours![0]!)}; use the data folder of this receiver (--data), or its certificates (--certs)`,
    )
  throw new Fault(
    'configuration',
    `the log is signed with the key whose hash is ${theirs![1]}, that of log.key is ${ours![1]}; put the former log.key back, or, where log.key.next is there, complete the change with \`pnpm --filter receiver log rotate-key\`: nothing else changes the key of a log`,
  )
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
      `the log in the data folder was not signed with log.key (${verifierKey}): ${cause.detail}; put back the former keys and certificates, or use another data folder (--data)`,
      { cause },
    )
  }
}

/** The receiver's id, of which the name of its log is made. */
function nameOf(log: string): string {
  try {
    return quote(decodeURIComponent(log))
  } catch {
    return quote(log)
  }
}
