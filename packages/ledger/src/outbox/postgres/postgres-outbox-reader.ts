// Reading an outbox on PostgreSQL beside the processes that write it: its entries by number.
import { PostgresConnections } from '../../postgres/connections.ts'
import type { PostgresPlace } from '../../postgres/postgres-place.ts'
import { readFollowedRow } from '../attempts.ts'
import type { OutboxReader } from '../outbox-reader.ts'
import { entryColumns } from '../outbox-rows.ts'
import { outboxForm } from './outbox-transactions.ts'

const select = `SELECT ${entryColumns.map(column => `outbox.${column}`).join(', ')}, attempts.address, attempts.request
  FROM outbox LEFT JOIN attempts ON attempts.entry = outbox.number AND attempts.number = outbox.tries`

export function openPostgresOutboxReader(place: PostgresPlace): OutboxReader {
  const connections = new PostgresConnections(place, outboxForm, 1)
  const read = async (text: string, values: readonly unknown[]) =>
    (await connections.rows('read the outbox', `${select} WHERE ${text}`, values)).map(readFollowedRow)
  return {
    // Numbers come in the order of the commits: none that is smaller comes later.
    entriesAfter: (number, limit) => read('outbox.number > $1 ORDER BY outbox.number LIMIT $2', [number, limit]),
    entries: numbers => read('outbox.number = ANY($1::bigint[]) ORDER BY outbox.number', [numbers]),
    close: () => connections.close(),
  }
}
