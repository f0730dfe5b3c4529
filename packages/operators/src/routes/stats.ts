// How many, by time and by partner: from rollups by the minute, so the cost does not grow with the
// facts.
import { Fault } from '@seg/core'
import { route } from '../api/route.ts'
import { exactly, orNull, Time, Type } from '../api/schema.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
/** Points in time of one answer. */
const MOST_STEPS = 1500

const Counts = { kind: Type.String(), outcome: Type.String(), events: Type.Integer(), bytes: Type.Integer() }
const range = { from: Type.Optional(Time), to: Type.Optional(Time) }

export const statsRoutes = [
  route({
    method: 'GET',
    path: '/api/v1/stats',
    permission: 'stats.read',
    summary: 'Events and bytes by kind and outcome over time; of the last hour, by the minute, unless asked otherwise.',
    query: exactly({
      ...range,
      step: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_080, description: 'Minutes.' })),
      partner: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    }),
    response: exactly({
      from: Time,
      to: Time,
      step: Type.Integer(),
      data: Type.Array(exactly({ at: Time, ...Counts })),
    }),
    handle: ({ query }, { desk, now }) => {
      const { from, to } = readRange(query, now(), 60 * MINUTE)
      const step = query.step ?? 1
      if ((to - from) / MINUTE / step > MOST_STEPS)
        throw new Fault('parameter-invalid', `expected at most ${MOST_STEPS} steps, found more; take a larger step`)
      const data = desk().series(from, to, step, query.partner)
      return { from: timeOf(from), to: timeOf(to), step, data: data.map(point => ({ ...point, at: timeOf(point.at) })) }
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/stats/partners',
    permission: 'stats.read',
    summary: 'Events and bytes by partner, kind and outcome; of the last day unless asked otherwise.',
    query: exactly(range),
    response: exactly({
      from: Time,
      to: Time,
      data: Type.Array(exactly({ partner: orNull(Type.String()), ...Counts })),
    }),
    handle: ({ query }, { desk, now }) => {
      const { from, to } = readRange(query, now(), DAY)
      const data = desk().counts(from, to)
      return { from: timeOf(from), to: timeOf(to), data: data.map(row => ({ ...row, partner: row.partner ?? null })) }
    },
  }),
]

function readRange(query: { from?: string; to?: string }, now: Date, length: number) {
  const to = query.to === undefined ? now.getTime() : Date.parse(query.to)
  const from = query.from === undefined ? to - length : Date.parse(query.from)
  if (from >= to) throw new Fault('parameter-invalid', 'expected from before to')
  return { from, to }
}

function timeOf(time: number): string {
  return new Date(time).toISOString()
}
