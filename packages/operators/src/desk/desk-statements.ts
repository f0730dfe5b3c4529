// The statements that write the desk.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { columnNames } from './fact-columns.ts'

export function prepareStatements(database: DatabaseSync) {
  const names = ['position', 'kind', 'outcome', 'is_recorded', 'leaf_index', 'entry', ...columnNames]
  const prepare = (sql: string): StatementSync => database.prepare(sql)
  return {
    spool: prepare('INSERT INTO spool (facts) VALUES (?)'),
    spooled: prepare('SELECT SUM(OCTET_LENGTH(facts)) AS length FROM spool'),
    oldestSpooled: prepare('SELECT number, facts FROM spool ORDER BY number LIMIT ?'),
    deleteSpooled: prepare('DELETE FROM spool WHERE number <= ?'),
    cursor: prepare('SELECT value FROM cursors WHERE name = ?'),
    moveCursor: prepare(
      'INSERT INTO cursors (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    ),
    insert: prepare(
      `INSERT INTO facts (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')}) ON CONFLICT DO NOTHING`,
    ),
    // What the ledger has said stays.
    complete: prepare(
      `UPDATE facts SET is_recorded = 1, ${columnNames.map(name => `${name} = COALESCE(${name}, ?)`).join(', ')} ` +
        'WHERE position = ?',
    ),
    replace: prepare(
      `UPDATE facts SET outcome = ?, ${columnNames.map(name => `${name} = ?`).join(', ')} WHERE position = ?`,
    ),
    attach: prepare('UPDATE facts SET position = ?, leaf_index = ? WHERE position = ?'),
    byPosition: prepare('SELECT 1 FROM facts WHERE position = ?'),
    byIndex: prepare('SELECT position, is_recorded FROM facts WHERE leaf_index = ?'),
    indexesBetween: prepare('SELECT leaf_index FROM facts WHERE leaf_index >= ? AND leaf_index < ?'),
    byEntry: prepare('SELECT position, kind, outcome, partner, tries, code FROM facts WHERE entry = ?'),
    conflicts: prepare(
      `SELECT position, is_recorded, leaf_index, sha256 FROM facts WHERE kind = ? AND outcome = ? AND document = ?
      AND position > ? AND position < ? ORDER BY position LIMIT 1000`,
    ),
    openDeliveries: prepare('SELECT entry FROM facts WHERE outcome = ? AND entry > ? ORDER BY entry LIMIT ?'),
    countMinute: prepare(upsertSum('minutes', 'minute')),
    countHour: prepare(upsertSum('hours', 'hour')),
    countDay: prepare(upsertSum('days', 'day')),
  }
}

function upsertSum(table: string, time: string): string {
  return `INSERT INTO ${table} (${time}, kind, outcome, partner, events, bytes) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (${time}, kind, outcome, partner)
      DO UPDATE SET events = events + excluded.events, bytes = bytes + excluded.bytes`
}
