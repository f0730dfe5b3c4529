// Connections whose handshake is done: whose they are decides whether HTTP begins on them. Each
// partner has its share of them, and its share of turns. A replacement of what we decide with holds
// for those that are open, too.
import type { RequestListener } from 'node:http'
import type { Server } from 'node:https'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { Fault, quote } from '@seg/core'
import { Connection } from '../connections/connection.ts'
import { endpointOf } from '../connections/endpoints.ts'
import type { FailedConnections } from '../connections/failed-connections.ts'
import type { Strangers } from '../connections/strangers.ts'
import { type CountedLog, openCountedLog } from '../counted-log.ts'
import type { ReceiverLimits } from '../limits.ts'
import type { Arrivals } from '../shares/arrivals.ts'
import { Places } from '../shares/partner-shares.ts'
import { Turns } from '../shares/turns.ts'
import type { Exchange } from './exchange.ts'
import { readChain, recognizeConnection } from './peer.ts'
import { toFault } from './problem.ts'

/** `partner` is undefined for one who is refused: its share is that of all who are. */
type Open = { readonly connection: Connection; readonly partner: string | undefined }

/** How OpenSSL names each traffic secret after a client's first. */
const KEY_RENEWED = Buffer.from('CLIENT_TRAFFIC_SECRET_N ')

/** Connections that are checked again in one turn of the event loop. */
const LOOKED_AT = 32
/** Milliseconds for the first request of a connection whose partner is no longer admitted. */
const FIRST_REQUEST = 1000

const placesOf = new WeakMap<object, Places>()

/** Open connections of each partner. */
export function connectionsOf(server: object): ReadonlyMap<string, number> {
  return placesOf.get(server)?.takenBy ?? new Map()
}

const handshakes = new WeakMap<object, number>()

/** That succeeded, with a client of a CA that we know. */
export function handshakesOf(server: object): number {
  return handshakes.get(server) ?? 0
}

/** Puts turns between a finished handshake and Node's listener, which would begin HTTP at once. */
export function openConnections(
  server: Server,
  strangers: Strangers,
  strangerLog: FailedConnections,
  serve: RequestListener,
  exchange: Exchange,
  arrivals: Arrivals,
): void {
  const { credentials, limits, logger, stopping } = exchange
  const places = new Places(limits.connections, limits.connectionsOfOne, 'connections are open')
  placesOf.set(server, places)
  const turns = new Turns(work => arrivals.schedule(work))
  const open = new Map<TLSSocket, Open>()
  const closed = openCountedLog('connections closed', (facts, line) => logger.warn(facts, line))
  const watch = setInterval(() => checkAnswers(open, closed), Math.min(1000, limits.answerTime)).unref()
  const stopFollowing = credentials.onReplaced(() => void closeRefused(open, exchange, closed))
  server.once('close', () => {
    clearInterval(watch)
    stopFollowing()
    closed.close()
  })
  stopping.follow({
    answersDue: () => [...open.values()].flatMap(({ connection }) => connection.answersDue),
    refuse(fault) {
      for (const { connection } of open.values()) connection.stop(fault)
    },
  })
  // The one event that there is when a client renews its key. The keys themselves go nowhere.
  server.on('keylog', (line, socket) => {
    if (!line.subarray(0, KEY_RENEWED.length).equals(KEY_RENEWED)) return
    const entry = open.get(socket)
    if (entry === undefined || entry.connection.renewKey()) return
    const detail = `its client renewed the key more often than ${limits.keyUpdates} times`
    closed.report(
      `key renewed too often: ${quote(entry.partner ?? '')}`,
      `connection from ${endpointOf(socket).address} closed: ${detail}`,
    )
  })
  const listeners = server.listeners('secureConnection')
  server.removeAllListeners('secureConnection')
  server.on('secureConnection', socket => {
    let partner: string | undefined | null
    try {
      partner = identify(socket, strangers.hasHybrid(socket), exchange, strangerLog)
      if (partner === null) return void socket.destroy()
      handshakes.set(server, handshakesOf(server) + 1)
      if (partner !== undefined) strangers.recognize(socket, partner)
      checkWaiting(turns.waitingFor(partner ?? ''), partner ?? '', limits)
      if (partner !== undefined) places.take(partner)
    } catch (error) {
      const { status, code, detail } = toFault(error)
      const line = `connection from ${endpointOf(socket).address} closed: ${detail}`
      if (status === 500) logger.error({ code, err: error }, line)
      else closed.report(`${code} of ${quote(partner ?? '')}`, line, code)
      socket.destroy()
      return
    }
    const begin = () => {
      for (const listener of listeners) listener.call(server, socket)
    }
    const owner = partner
    open.set(socket, { connection: new Connection(socket, owner ?? '', turns, begin, serve, limits), partner: owner })
    socket.once('close', () => {
      open.delete(socket)
      if (owner !== undefined) places.giveBack(owner)
    })
  })
}

/**
 * The partner; null for a stranger, whose connection ends here. Who is refused (undefined) gets an
 * answer that says why, and until then stays where strangers are.
 */
function identify(
  socket: TLSSocket,
  hasHybrid: boolean,
  { credentials, now }: Exchange,
  strangerLog: FailedConnections,
): string | undefined | null {
  const chain = readChain(socket, hasHybrid)
  const found = recognizeConnection(socket, credentials, now())
  if (found.kind === 'partner') return found.id
  if (found.kind === 'refused') return undefined
  const reason = chain === undefined ? 'the client sent no certificate' : reasonOf(chain.leaf)
  const line = `TLS handshake with ${endpointOf(socket).address} failed: ${reason}`
  strangerLog.report({
    reason,
    line: chain === undefined ? line : `${line}; ${found.fault.detail}`,
    code: found.fault.code,
    address: endpointOf(socket).address,
    certificate: chain?.leaf.fingerprint256,
  })
  return null
}

function reasonOf({ subject, issuer }: { readonly subject: string; readonly issuer: string }): string {
  return subject === issuer
    ? "the client's certificate is self-signed, not from our CA"
    : "the client's certificate is from another CA"
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

/**
 * Ends the connections that nothing is under way on and that would not be admitted now. Requests
 * under way look for themselves (`confirmPeer`), and so does the first one of a new connection, if
 * it comes soon: it gets the reason.
 */
async function closeRefused(
  open: ReadonlyMap<TLSSocket, Open>,
  { credentials, now }: Exchange,
  closed: CountedLog,
): Promise<void> {
  let looked = 0
  for (const [socket, { connection, partner }] of [...open]) {
    if (++looked % LOOKED_AT === 0) await nextTurn()
    if (partner === undefined || socket.destroyed || connection.answersDue.length > 0) continue
    const found = recognizeConnection(socket, credentials, now())
    if (found.kind === 'partner' && found.id === partner) continue
    const why = found.kind === 'partner' ? `it is ${quote(found.id)} now` : found.fault.message
    const line = `idle connection of ${quote(partner)} from ${endpointOf(socket).address} closed: ${why}`
    const end = () => {
      closed.report(`no longer admitted: ${quote(partner)}`, line)
      socket.destroy()
    }
    if (connection.isNew) setTimeout(() => void (isStillNew(socket, connection) && end()), FIRST_REQUEST).unref()
    else end()
  }
}

function isStillNew(socket: TLSSocket, { isNew, answersDue }: Connection): boolean {
  return !socket.destroyed && isNew && answersDue.length === 0
}

function checkAnswers(open: ReadonlyMap<TLSSocket, Open>, closed: CountedLog): void {
  const now = performance.now()
  for (const { connection } of open.values())
    if (!connection.checkAnswers(now)) closed.report('unread', 'connection closed: nobody read the answer')
}
