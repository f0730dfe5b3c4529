// The transparency log as C2SP tlog-tiles, for whoever has a client certificate of our CA (docs/log.md).
import { Fault, quote } from '@seg/core'
import { parseTilePath, type TileName } from '@seg/ledger'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Gate } from './gate.ts'
import { identifyPeer } from './peer.ts'

/** What never changes may be kept for ever (RFC 8246). */
const IMMUTABLE = 'max-age=31536000, immutable'

export async function answerCheckpoint(request: FastifyRequest, reply: FastifyReply, gate: Gate): Promise<FastifyReply> {
  identifyPeer(request.socket, gate.trust, gate.now())
  const checkpoint = await gate.ledger.log.checkpoint()
  if (checkpoint === undefined) throw new Fault('not-found', 'the log has no entry yet')
  return reply.type('text/plain; charset=utf-8').header('cache-control', 'no-store').send(checkpoint)
}

export async function answerTile(request: FastifyRequest, reply: FastifyReply, gate: Gate): Promise<FastifyReply> {
  identifyPeer(request.socket, gate.trust, gate.now())
  const name = parseTilePath(request.url.slice('/v1/log/'.length))
  const tile = name && (await readTile(name, gate))
  if (tile === undefined) throw new Fault('not-found', `no tile ${quote(request.url)}`)
  return reply.type('application/octet-stream').header('cache-control', IMMUTABLE).send(tile)
}

function readTile({ level, index, width }: TileName, { ledger }: Gate): Promise<Buffer | undefined> {
  return level === 'entries' ? ledger.log.entries(index, width) : ledger.log.tile(level, index, width)
}
