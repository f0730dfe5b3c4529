// The transparency log: its entries as the ledger opens them, and its checkpoint.
import { Fault } from '@seg/core'
import { type LedgerReader, openServedTree, sizeOfCheckpoint } from '@seg/ledger'
import { linksOf, readPosition } from '../api/cursors.ts'
import { RawAnswer, route } from '../api/route.ts'
import { exactly, orNull, pageOf, paging, Time, Type } from '../api/schema.ts'
import { entryLeaf } from './document-routes.ts'

const path = '/api/v1/log'
/** Facts of each type are in docs/log.md; `null` where they were erased. */
const Entry = exactly({ index: Type.Integer(), event: orNull(Type.Object({}, { additionalProperties: true })) })

export const logRoutes = [
  route({
    method: 'GET',
    path,
    permission: 'log.read',
    summary: 'Entries of the log, the newest first.',
    query: exactly(paging),
    response: pageOf(Entry),
    handle: async ({ query }, { ledger }) => {
      const reader = ledger()
      const position = readPosition(path, query)
      const size = await reader.log.size()
      const top =
        'before' in position
          ? Math.min(size, position.before + 1 + position.limit)
          : Math.min(size, position.after ?? size)
      const bottom = Math.max('before' in position ? position.before + 1 : 0, top - position.limit)
      const data = []
      for (let index = top - 1; index >= bottom; index--)
        data.push({ index, event: (await reader.event(index)) ?? null })
      const next = bottom > 0 ? bottom : undefined
      return { data, ...linksOf(path, query, { next, prev: top < size ? top - 1 : undefined }) }
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/log/checkpoint',
    permission: 'log.read',
    summary: 'The latest signed checkpoint, a C2SP signed note.',
    response: Type.String(),
    type: 'text/plain',
    handle: async (_request, { ledger }) => {
      const checkpoint = await ledger().log.checkpoint()
      if (checkpoint === undefined) throw new Fault('not-found', 'the log has no checkpoint yet')
      return new RawAnswer('text/plain; charset=utf-8', checkpoint)
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/log/consistency',
    permission: 'log.read',
    summary: 'That the latest checkpoint continues an older one (RFC 6962 2.1.2): hashes that give both roots.',
    query: exactly({
      from: Type.Integer({ minimum: 1, maximum: 2 ** 48, description: 'Entries that the older checkpoint covers.' }),
    }),
    response: exactly({
      from: Type.Integer(),
      proof: Type.Array(Type.String({ description: 'Base64.' })),
      checkpoint: Type.String({ description: 'A C2SP signed note.' }),
    }),
    handle: async ({ query: { from } }, { ledger }) => {
      const { checkpoint, size, tree } = await openLatest(ledger())
      if (from > size)
        throw new Fault('not-found', `expected at most ${size}, the size of the latest checkpoint, found ${from}`)
      const proof = await tree.proveFrom(from)
      return { from, proof: proof.map(hash => hash.toString('base64')), checkpoint }
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/log/witnesses',
    permission: 'log.read',
    summary: 'Partners that read the log, the latest first: when, and how many entries each has seen that it has.',
    response: exactly({
      data: Type.Array(
        exactly({
          partner: Type.String(),
          readAt: Time,
          size: orNull(
            Type.Integer({ description: 'By a checkpoint or by tiles; null where a version before kept none.' }),
          ),
        }),
      ),
      size: Type.Integer({ description: 'Entries of the log now.' }),
    }),
    handle: async (_request, { ask, ledger }) => ({
      data: (await ask('witnesses')).map(({ partner, at, size }) => ({
        ...{ partner, size },
        readAt: new Date(at).toISOString(),
      })),
      size: await ledger().log.size(),
    }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/log/:index',
    permission: 'log.read',
    summary: 'One entry with its leaf, and what opens it.',
    params: exactly({ index: Type.Integer({ minimum: 0, maximum: 2 ** 48 }) }),
    response: exactly({
      index: Type.Integer(),
      leaf: Type.String({ description: 'Base64.' }),
      event: orNull(Type.Object({}, { additionalProperties: true })),
      nonce: orNull(Type.String({ description: 'Base64.' })),
    }),
    handle: async ({ params: { index } }, { ledger }) => {
      const reader = ledger()
      const leaf = await entryLeaf(reader, index)
      const opening = await reader.opening(index)
      return {
        index,
        leaf: leaf.toString('base64'),
        event: (await reader.event(index)) ?? null,
        nonce: opening === undefined ? null : opening.nonce.toString('base64'),
      }
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/log/:index/proof',
    permission: 'log.read',
    summary:
      'The path of one entry to the root of the latest checkpoint (RFC 6962 2.1.1), by which anybody recomputes it.',
    params: exactly({ index: Type.Integer({ minimum: 0, maximum: 2 ** 48 }) }),
    response: exactly({
      index: Type.Integer(),
      leaf: Type.String({ description: 'Base64.' }),
      proof: Type.Array(Type.String({ description: 'Base64.' })),
      checkpoint: Type.String({ description: 'A C2SP signed note.' }),
    }),
    handle: async ({ params: { index } }, { ledger }) => {
      const { checkpoint, size, tree } = await openLatest(ledger())
      if (index >= size) throw new Fault('not-found', `no checkpoint covers the entry ${index} yet`)
      const leaf = await entryLeaf(ledger(), index)
      const proof = await tree.proveEntry(index)
      return { index, leaf: leaf.toString('base64'), proof: proof.map(hash => hash.toString('base64')), checkpoint }
    },
  }),
]

/** The tree of the latest checkpoint. Throws the Faults `not-found` and `storage-unavailable`. */
async function openLatest({ log }: LedgerReader) {
  const checkpoint = await log.checkpoint()
  if (checkpoint === undefined) throw new Fault('not-found', 'the log has no checkpoint yet')
  const size = sizeOfCheckpoint(checkpoint)
  const tree = await openServedTree(size, async ({ level, index, width }) => {
    const hashes = await log.tile(Number(level), index, width)
    if (hashes === undefined) throw new Fault('storage-unavailable', `the log has no tile ${level}/${index}`)
    return hashes
  })
  return { checkpoint, size, tree }
}
