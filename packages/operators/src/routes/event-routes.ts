// What happens, as it happens: server-sent events, from where a reader left off, at the pace of
// that reader.
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { Fault } from '@seg/core'
import { authenticate } from '../access/authenticate.ts'
import { StreamLimit } from '../access/stream-limit.ts'
import type { ApiParts } from '../api/parts.ts'
import { type ApiRequest, type ApiRoute, operatorOf, RawAnswer, route } from '../api/route.ts'
import { exactly, Type } from '../api/schema.ts'
import type { DeskSearch } from '../desk/desk-search.ts'
import { positionOf } from '../desk/fact-columns.ts'
import { EventTail, MISSED, readEvents } from './event-tail.ts'

const INTERVAL = 500
/** Milliseconds without an event until a heartbeat. */
const HEARTBEAT = 10_000
/** Facts are entered in their own time: what is younger may still get one before it. */
const SETTLING = 1000
const tails = new WeakMap<DeskSearch, EventTail>()
const readers = new StreamLimit('readers of events', { most: 64, mostOfOne: 16 })

export const eventRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/api/v1/events',
    permission: 'documents.read',
    isUnattended: true,
    summary: 'Facts a second after they happen, as server-sent events; Last-Event-ID or `after` replays.',
    query: exactly({ after: Type.Optional(Type.String({ pattern: '^\\d{1,16}$' })) }),
    response: Type.String(),
    type: 'text/event-stream',
    handle: (request, parts) => {
      // Before the answer begins: what is not there is a refusal then.
      const search = parts.desk()
      const last = `${request.headers['last-event-id'] ?? request.query.after ?? ''}`
      if (!/^\d{0,16}$/.test(last)) throw new Fault('parameter-invalid', 'expected the id of an event in Last-Event-ID')
      const end = readers.begin(operatorOf(request))
      const body = Readable.from(follow(last === '' ? undefined : Number(last), request as ApiRequest, parts, search), {
        objectMode: true,
        highWaterMark: 1,
      })
      body.once('close', end)
      return new RawAnswer('text/event-stream', body)
    },
  }),
]

/**
 * Nothing is read ahead of its reader: a slow one gets what it missed from the desk. Who follows
 * shares the octets of the latest with the others.
 */
async function* follow(
  last: number | undefined,
  request: ApiRequest,
  parts: ApiParts,
  search: DeskSearch,
): AsyncGenerator<string | Buffer> {
  const horizon = () => positionOf(parts.now().getTime() - SETTLING, 0)
  const tail = tailOf(search)
  let position = last ?? horizon()
  let quiet = 0
  yield 'retry: 2000\n\n'
  while (!request.signal.aborted) {
    let events = tail.after(position, horizon())
    if (events === undefined && isFarBehind(search, position)) {
      position = horizon()
      parts.ask('noteEventGap').catch(() => {})
      yield `id: ${position}\nevent: gap\ndata: {"missed":"more than ${MISSED}; the lists have all"}\n\n`
    }
    events ??= readEvents(search, position, horizon())
    position = events.to
    if (events.count > 0) {
      quiet = 0
      yield events.octets
    } else {
      quiet += INTERVAL
      await pause(INTERVAL, undefined, { signal: request.signal }).catch(() => {})
    }
    // A session that was ended, or a key that was revoked, ends what it opened, also for a reader
    // who never catches up.
    if (!isStillTaken(request, parts)) return
    if (quiet >= HEARTBEAT) yield ': still here\n\n'
    if (quiet >= HEARTBEAT) quiet = 0
  }
}

function tailOf(search: DeskSearch): EventTail {
  const tail = tails.get(search) ?? new EventTail(search)
  tails.set(search, tail)
  return tail
}

function isFarBehind(search: DeskSearch, position: number): boolean {
  return search.countAfter(position, MISSED + 1) > MISSED
}

function isStillTaken({ headers }: ApiRequest, { access, now }: ApiParts): boolean {
  try {
    authenticate('GET', headers, access, now(), true)
    return true
  } catch {
    return false
  }
}
