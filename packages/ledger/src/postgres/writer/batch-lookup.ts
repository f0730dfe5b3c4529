// What a batch needs to know before it is composed, in one question under the lock: what was
// accepted earlier, chains that are kept, pieces that are whole, documents that are given up.
import { Fault, quote } from '@seg/core'
import type { EarlierAcceptance, FindEarlier } from '../../batch/compose-batch.ts'
import type { AcceptRequest, WriteRequest } from '../../batch/requests.ts'
import type { PostgresConnection } from '../connect.ts'

const EARLIER = `SELECT d.sender, d.document_id, d.leaf_index, d.sha256, r.octets
  FROM unnest($1::text[], $2::text[]) AS q (sender, id)
  JOIN documents d ON d.sender = q.sender AND d.document_id = q.id
  JOIN receipts r ON r.leaf_index = d.leaf_index`

export async function findEarlierOf(
  connection: PostgresConnection,
  requests: readonly WriteRequest[],
): Promise<FindEarlier> {
  const asked = requests.filter(request => request.kind === 'accept' || request.kind === 'again')
  const known = new Map<string, EarlierAcceptance>()
  if (asked.length > 0) {
    const keys = asked.map(({ document }) => document)
    const rows = await connection.planned('earlier', EARLIER, [
      keys.map(({ sender }) => sender),
      keys.map(({ id }) => id),
    ])
    for (const { sender, document_id: id, leaf_index, sha256, octets } of rows) {
      const earlier = { index: Number(leaf_index), sha256: String(sha256), receipt: () => octets as Buffer }
      known.set(keyOf(String(sender), String(id)), earlier)
    }
  }
  return (sender, id) => known.get(keyOf(sender, id))
}

/** That each document in pieces has all of them: a server that was promoted may have lost some. */
export async function checkPieces(connection: PostgresConnection, requests: readonly WriteRequest[]): Promise<void> {
  const large = requests.filter(
    (request): request is LargeRequest => request.kind === 'accept' && 'file' in request.content,
  )
  if (large.length === 0) return
  const rows = await connection.rows(
    `SELECT content_id, COUNT(*) AS count, MAX(n) AS last, SUM(octet_length(octets)) AS bytes FROM pieces
    WHERE content_id = ANY($1::uuid[]) GROUP BY content_id`,
    [large.map(({ content }) => content.file)],
  )
  for (const { document, content } of large) {
    const found = rows.find(row => String(row.content_id).replaceAll('-', '') === content.file)
    if (Number(found?.bytes) === document.bytes && Number(found?.last) === Number(found?.count) - 1) continue
    throw new Fault('storage-unavailable', `the pieces of ${quote(document.id)} are not whole: send it again`)
  }
}

/** Throws for a dead letter of no document: both it and its cursor, or neither. */
export async function checkGivenUp(connection: PostgresConnection, requests: readonly WriteRequest[]): Promise<void> {
  const indexes = new Set(requests.flatMap(request => (request.kind === 'give-up' ? [request.index] : [])))
  if (indexes.size === 0) return
  const rows = await connection.rows('SELECT 1 FROM documents WHERE leaf_index = ANY($1::bigint[])', [[...indexes]])
  if (rows.length < indexes.size) throw new TypeError('a dead letter of no document')
}

/**
 * That each lease that a request works under is the latest of its task. It stays so until the
 * commit: who takes the task over waits for the rows. Throws the Fault `storage-unavailable`.
 */
export async function checkLeases(connection: PostgresConnection, requests: readonly WriteRequest[]): Promise<void> {
  const leases = requests.flatMap(request => ('lease' in request && request.lease ? [request.lease] : []))
  if (leases.length === 0) return
  const rows = await connection.planned(
    'leases',
    'SELECT task, number, node FROM leases WHERE task = ANY($1::text[]) ORDER BY task FOR SHARE',
    [[...new Set(leases.map(({ task }) => task))]],
  )
  for (const { task, number } of leases) {
    const latest = rows.find(row => row.task === task)
    if (Number(latest?.number) !== number)
      throw new Fault('storage-unavailable', `another node does the ${task} now: ${quote(String(latest?.node))}`)
  }
}

type LargeRequest = AcceptRequest & { readonly content: { readonly file: string } }

function keyOf(sender: string, id: string): string {
  return JSON.stringify([sender, id])
}
