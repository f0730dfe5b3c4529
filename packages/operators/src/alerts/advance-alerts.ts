// From what the conditions find to the states of alerts, and to what is due for a channel. Pure.
import { createHash } from 'node:crypto'
import type { Labels } from '../metrics/catalogue.ts'
import type { Acknowledgement, Alert, Mute } from './alert-store.ts'
import { REPEAT, type Rule } from './rules.ts'
import type { SeriesHistory } from './series-history.ts'

/** Alerts of one rule; what is beyond is seen when these are over. */
const MOST = 100
/** Milliseconds that a resolved alert is shown. */
const SHOWN = 24 * 3600 * 1000

export function alertId(rule: string, labels: Labels): string {
  return createHash('sha256')
    .update(`${rule} ${JSON.stringify(labels)}`)
    .digest('hex')
    .slice(0, 12)
}

export function advanceAlerts(
  before: readonly Alert[],
  rules: readonly Rule[],
  history: SeriesHistory,
  now: number,
): Alert[] {
  const known = new Map(before.map(alert => [alert.id, alert]))
  const found = new Map<string, Alert>()
  for (const rule of rules)
    for (const { labels, value } of rule.when.find(history).slice(0, MOST)) {
      const id = alertId(rule.name, labels)
      const former = known.get(id)
      const isOn = former !== undefined && former.state !== 'resolved'
      const since = isOn ? former.since : now
      const state = now - since >= rule.for * 1000 ? 'firing' : 'pending'
      const notified = former?.notified ?? {}
      found.set(id, { id, rule: rule.name, labels, state, since, value, notified })
    }
  const over = before.filter(({ id }) => !found.has(id)).flatMap(alert => endOf(alert, now))
  return [...found.values(), ...over]
}

function endOf(alert: Alert, now: number): Alert[] {
  if (alert.state === 'pending') return []
  if (alert.state === 'firing') return [{ ...alert, state: 'resolved', since: now }]
  return now - alert.since < SHOWN ? [alert] : []
}

export type Said = { readonly acknowledgements: readonly Acknowledgement[]; readonly mutes: readonly Mute[] }

/** Alerts that the channel has not got yet, or got a day ago. */
export function dueFor(channel: string, alerts: readonly Alert[], said: Said, now: number): Alert[] {
  return alerts.filter(alert => {
    const { state, rule, labels, notified } = alert
    // A broken channel gets no alert about itself.
    if (rule === 'SegAlertChannelBroken' && labels.channel === channel) return false
    const last = notified[channel]
    if (state === 'resolved') return last !== undefined
    if (state === 'pending' || said.mutes.some(mute => mute.rule === rule)) return false
    if (acknowledgementOf(alert, said) !== undefined) return false
    return last === undefined || now - last >= REPEAT * 1000
  })
}

/** Of this one, not of a later one of the same name. */
export function acknowledgementOf({ id, since }: Alert, { acknowledgements }: Said): Acknowledgement | undefined {
  return acknowledgements.find(known => known.id === id && known.since === since)
}

/** The alert when the channel has taken it. */
export function noteSent(alert: Alert, channel: string, now: number): Alert {
  const { [channel]: _last, ...others } = alert.notified
  return { ...alert, notified: alert.state === 'resolved' ? others : { ...others, [channel]: now } }
}
