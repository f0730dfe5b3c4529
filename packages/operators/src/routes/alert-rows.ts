// Alerts, their rules and channels as answers have them.
import type { ShownAlert } from '../alerts/alert-acts.ts'
import type { ChannelState, Mute } from '../alerts/alert-store.ts'
import type { Rule } from '../alerts/rules.ts'
import { exactly, orNull, Time, Type } from '../api/schema.ts'

const Text = orNull(Type.String())

const muted = { mutedUntil: orNull(Time), mutedBy: Text, mutedWhy: Text }

export const AlertRow = exactly(
  {
    id: Type.String(),
    rule: Type.String(),
    labels: Type.Object({}, { additionalProperties: true, description: 'Such as partner or target.' }),
    state: Type.String({ description: 'pending, firing or resolved.' }),
    since: Type.String({ format: 'date-time', description: 'Of one that is resolved, when it ended.' }),
    value: Type.Number(),
    severity: Type.String({ description: 'page or ticket.' }),
    security: Type.Boolean(),
    summary: Type.String(),
    impact: Type.String(),
    command: Type.String({ description: 'What to type first.' }),
    acknowledgedBy: Text,
    acknowledgedAt: orNull(Time),
    ...muted,
  },
  'Alert',
)

export const RuleRow = exactly(
  {
    name: Type.String(),
    expression: Type.String({ description: 'In PromQL.' }),
    after: Type.Integer({ description: 'Seconds that it must hold.' }),
    severity: Type.String(),
    security: Type.Boolean(),
    summary: Type.String(),
    impact: Type.String(),
    command: Type.String(),
    ...muted,
  },
  'AlertRule',
)

export const ChannelRow = exactly(
  { name: Type.String(), sentAt: orNull(Time), failedSince: orNull(Time), failure: Text },
  'AlertChannel',
)

export function alertRow({ acknowledgement, mute, ...alert }: ShownAlert) {
  return {
    ...alert,
    acknowledgedBy: acknowledgement?.by ?? null,
    acknowledgedAt: timeOf(acknowledgement?.at),
    ...muteRow(mute),
  }
}

export function ruleRow(row: Rule, mutes: readonly Mute[]) {
  const { name, when, for: after, severity, isSecurity, summary, impact, command } = row
  const mute = mutes.find(({ rule }) => rule === name)
  const security = isSecurity ?? false
  return { name, expression: when.expression, after, severity, security, summary, impact, command, ...muteRow(mute) }
}

function muteRow(mute: Mute | undefined) {
  return { mutedUntil: timeOf(mute?.until), mutedBy: mute?.by ?? null, mutedWhy: mute?.why ?? null }
}

export function channelRow(name: string, states: readonly ChannelState[]) {
  const { sentAt, failedSince, failure } = states.find(state => state.name === name) ?? {}
  return { name, sentAt: timeOf(sentAt), failedSince: timeOf(failedSince), failure: failure || null }
}

/** 0: never. */
function timeOf(milliseconds: number | undefined): string | null {
  return milliseconds ? new Date(milliseconds).toISOString() : null
}
