// Connections whose handshake is done: each partner has its share of them, and its share of turns.
import type { RequestListener } from 'node:http'
import type { Server } from 'node:https'
import { Fault, quote } from '@seg/core'
import { type CountedLog, openCountedLog } from '../counted-log.ts'
import type { ReceiverLimits } from '../limits.ts'
import type { Logger } from '../log.ts'
import { Connection } from './connection.ts'
import { Places } from './partner-shares.ts'
import { partnerOf } from './peer.ts'
import type { Stopping } from './stopping.ts'
import type { Strangers } from './strangers.ts'
import { Turns } from './turns.ts'

type Parts = { readonly limits: ReceiverLimits; readonly log: Logger; readonly stopping: Stopping }

/** Puts turns between a finished handshake and Node's listener, which would begin HTTP at once. */
export function openConnections(
  server: Server,
  strangers: Strangers,
  serve: RequestListener,
  { limits, log, stopping }: Parts,
): void {
  const open = new Places(limits.connections, limits.connectionsOfOne, 'connections are open')
  const turns = new Turns()
  const connections = new Set<Connection>()
  const closed = openCountedLog('connections closed', (facts, line) => log.warn(facts, line))
  const watch = setInterval(() => checkAnswers(connections, closed), Math.min(1000, limits.answerTime)).unref()
  server.once('close', () => {
    clearInterval(watch)
    closed.close()
  })
  stopping.onRefuse(fault => {
    for (const connection of connections) connection.stop(fault)
  })
  const listeners = server.listeners('secureConnection')
  server.removeAllListeners('secureConnection')
  server.on('secureConnection', socket => {
    const partner = partnerOf(socket)
    strangers.recognize(socket, partner)
    try {
      checkWaiting(turns.waitingFor(partner), partner, limits)
      open.take(partner)
    } catch (error) {
      const { code, detail } = error as Fault
      closed.report(`${code} of ${quote(partner)}`, `connection from ${socket.remoteAddress} closed: ${detail}`, code)
      socket.destroy()
      return
    }
    const begin = () => {
      for (const listener of listeners) listener.call(server, socket)
    }
    const connection = new Connection(socket, partner, turns, begin, serve, limits)
    connections.add(connection)
    socket.once('close', () => {
      open.giveBack(partner)
      connections.delete(connection)
    })
  })
}

/**
 * What came with its handshake is kept until its first turn: so many bytes may wait, and no more.
 */
function checkWaiting(count: number, partner: string, { newcomersOfOne }: ReceiverLimits): void {
  if (count >= newcomersOfOne) {
    const detail = `${count} new connections of ${quote(partner)} wait for their first turn already`
    throw new Fault('rate-limit', detail)
  }
}

function checkAnswers(connections: ReadonlySet<Connection>, closed: CountedLog): void {
  const now = performance.now()
  for (const connection of connections)
    if (!connection.checkAnswers(now)) closed.report('unread', 'connection closed: nobody read the answer')
}
