// One accepted document: its facts, receipt, proof and bytes, by its index in the log.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { Fault } from '@seg/core'
import type { AcceptedDocument, LedgerReader } from '@seg/ledger'
import { actAs } from '../api/api-act.ts'
import { RawAnswer, route } from '../api/route.ts'
import { exactly, orNull, Time, Type } from '../api/schema.ts'
import { factRow, KeptFactRow } from './fact-lists.ts'

const params = exactly({ index: Type.Integer({ minimum: 0, maximum: 2 ** 48 }) })
const Accepted = exactly({
  sender: Type.String(),
  id: Type.String(),
  acceptedAt: Time,
  bytes: Type.Integer(),
  sha256: Type.String(),
  index: Type.Integer(),
  referenceDigest: Type.String(),
})

export const documentRoutes = [
  route({
    method: 'GET',
    path: '/api/v1/documents/:index',
    permission: 'documents.read',
    summary: 'One accepted document by its index in the log; what happened to it as far as that was recorded.',
    params,
    response: exactly({ document: Accepted, fact: orNull(KeptFactRow) }),
    handle: async ({ params: { index } }, { ledger, desk }) => {
      const document = await documentAt(ledger(), index)
      const [fact] = desk().page({ index }, { limit: 1 }).facts
      return { document, fact: fact === undefined ? null : factRow(fact) }
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/documents/:index/receipt',
    permission: 'documents.read',
    summary: 'The sealed receipt, byte for byte as the sender got it.',
    params,
    response: Type.String(),
    type: 'application/xml',
    handle: async ({ params: { index } }, { ledger }) => {
      const { sender, id } = await documentAt(ledger(), index)
      const receipt = await ledger().receipt(sender, id)
      if (receipt === undefined) throw new Fault('not-found', `the document ${index} has no receipt`)
      return download('application/xml', receipt, `receipt-${index}.xml`)
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/documents/:index/proof',
    permission: 'documents.read',
    summary: 'What opens its entry of the log: the entry, its nonce and facts, and the latest checkpoint.',
    params,
    response: exactly({
      index: Type.Integer(),
      leaf: Type.String({ description: 'Base64.' }),
      facts: orNull(Type.String({ description: 'Compact JSON, as the entry commits to it.' })),
      nonce: orNull(Type.String({ description: 'Base64.' })),
      checkpoint: orNull(Type.String()),
    }),
    handle: async ({ params: { index } }, { ledger }) => {
      await documentAt(ledger(), index)
      const opening = await ledger().opening(index)
      return {
        index,
        leaf: (await entryLeaf(ledger(), index)).toString('base64'),
        facts: opening === undefined ? null : opening.facts.toString(),
        nonce: opening === undefined ? null : opening.nonce.toString('base64'),
        checkpoint: (await ledger().log.checkpoint()) ?? null,
      }
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/documents/:index/bytes',
    permission: 'documents.bytes',
    act: 'document.bytes-exported',
    summary: 'The exact received bytes, to be saved and not shown; leaves a record in the audit trail.',
    params,
    response: Type.String({ format: 'binary' }),
    type: 'application/octet-stream',
    handle: async (request, parts) => {
      const { index } = request.params
      const { sender, id } = await documentAt(parts.ledger(), index)
      const planned = {
        action: 'document.bytes-exported',
        category: 'document',
        on: { kind: 'document', id: `${id} of ${sender}` },
      } as const
      // The bytes were looked through for damage before the record says that they were given out.
      const pieces = await actAs(request, parts, planned, async () => {
        const found = await parts.ledger().read(sender, id)
        if (found === undefined) throw new Fault('storage-unavailable', `the bytes of the document ${index} are gone`)
        return found
      })
      return download('application/octet-stream', Readable.from(pieces), `document-${index}.xml`)
    },
  }),
]

/** Throws the Fault `not-found`. */
export async function documentAt(ledger: LedgerReader, index: number): Promise<AcceptedDocument> {
  const [document] = await ledger.accepted(index - 1, 1)
  if (document?.index !== index) throw new Fault('not-found', `no accepted document has the index ${index}`)
  return document
}

/** An entry bundle is 256 entries, each behind its length (C2SP tlog-tiles). */
export async function entryLeaf(ledger: LedgerReader, index: number): Promise<Buffer> {
  const size = await ledger.log.size()
  const bundle = Math.floor(index / 256)
  const octets = index < size ? await ledger.log.entries(bundle, Math.min(256, size - bundle * 256)) : undefined
  if (octets === undefined) throw new Fault('not-found', `the log has no entry ${index}`)
  let at = 0
  for (let skipped = bundle * 256; skipped < index; skipped++) at += 2 + octets.readUInt16BE(at)
  return octets.subarray(at + 2, at + 2 + octets.readUInt16BE(at))
}

/** A browser saves it under this name, and renders nothing of it. */
function download(type: string, body: Buffer | Readable, name: string): RawAnswer {
  const digest = Buffer.isBuffer(body) && createHash('sha256').update(body).digest('base64')
  const fields = {
    'content-disposition': `attachment; filename="${name}"`,
    'content-security-policy': "default-src 'none'; sandbox",
    ...(digest && { 'repr-digest': `sha-256=:${digest}:` }),
  }
  return new RawAnswer(type, body, { fields })
}
