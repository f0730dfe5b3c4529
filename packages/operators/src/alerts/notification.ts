// What a channel says: the alerts that are due, in one message.
import { quote } from '@seg/core'
import type { Alert } from './alert-store.ts'
import { ruleOf, type Severity } from './rules.ts'

export type Notification = {
  /** Id of the gateway. */
  readonly gateway: string
  /** Of several receivers with one ledger. */
  readonly node?: string | undefined
  readonly at: Date
  readonly alerts: readonly NotifiedAlert[]
}

export type NotifiedAlert = Pick<Alert, 'id' | 'rule' | 'labels' | 'value'> & {
  readonly state: 'firing' | 'resolved'
  readonly since: string
  readonly severity: Severity
  readonly security: boolean
  readonly summary: string
  readonly impact: string
  readonly command: string
}

/** Also of a rule that is gone. */
export function notifiedOf({ id, rule, labels, value, since, state }: Alert): NotifiedAlert {
  const { severity = 'ticket', isSecurity = false, summary = '', impact = '', command = '' } = ruleOf(rule) ?? {}
  return {
    ...{ id, rule, labels, value },
    state: state === 'resolved' ? 'resolved' : 'firing',
    since: new Date(since).toISOString(),
    severity,
    security: isSecurity,
    ...{ summary, impact, command },
  }
}

/** Sent by `alerts test`. */
export function testNotification(gateway: string, at: Date): Notification {
  const summary = 'A test: the channel works'
  const alert: NotifiedAlert = {
    ...{ id: 'test', rule: 'SegTest', labels: {}, value: 1, state: 'firing', since: at.toISOString() },
    ...{ severity: 'ticket', security: false, summary, impact: 'None.', command: 'none' },
  }
  return { gateway, at, alerts: [alert] }
}

export function messageSubjectOf({ gateway, alerts }: Notification): string {
  const names = [...new Set(alerts.map(({ rule }) => rule))]
  const firing = alerts.filter(({ state }) => state === 'firing').length
  const counts = [firing > 0 && `${firing} firing`, firing < alerts.length && `${alerts.length - firing} resolved`]
  const more = names.length > 3 ? `, and ${names.length - 3} more` : ''
  return `[SEG ${gateway}] ${counts.filter(Boolean).join(', ')}: ${names.slice(0, 3).join(', ')}${more}`
}

export function messageTextOf({ node, alerts }: Notification): string {
  const from = node === undefined ? [] : [`node: ${quote(node)}`]
  return [...from, ...alerts.map(describeAlert)].join('\n\n')
}

function describeAlert({ id, rule, labels, value, state, since, severity, summary, impact, command }: NotifiedAlert) {
  return [
    `${state === 'resolved' ? 'resolved' : severity}: ${rule} (${id}): ${summary}`,
    ...Object.entries(labels).map(([label, text]) => `  ${label}: ${quote(text)}`),
    `  value: ${value}, since ${since}`,
    `  ${impact}`,
    `  run: ${command}`,
  ].join('\n')
}
