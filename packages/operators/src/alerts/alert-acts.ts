// What operators see of alerts and do about them: the same for the commands and the API.
import { Fault, quote } from '@seg/core'
import { acknowledgementOf } from './advance-alerts.ts'
import type { Acknowledgement, Alert, AlertStore, ChannelState, Mute } from './alert-store.ts'
import type { Channel } from './channels.ts'
import { type NotifiedAlert, notifiedOf, testNotification } from './notification.ts'
import type { Rule } from './rules.ts'

const HOUR = 3600 * 1000
/** Milliseconds that a channel has for a test. */
const TEST_TIME = 20_000

export type ShownAlert = Omit<NotifiedAlert, 'state'> &
  Pick<Alert, 'state'> & { readonly acknowledgement: Acknowledgement | undefined; readonly mute: Mute | undefined }

type ShownAlerts = {
  readonly alerts: readonly ShownAlert[]
  /** Those that something was sent to since the start. */
  readonly channels: readonly ChannelState[]
  readonly mutes: readonly Mute[]
}

/** Undefined: no gateway has made the store yet. */
export function readAlerts(store: AlertStore | undefined, now: Date): ShownAlerts {
  const said = { acknowledgements: store?.acknowledgements() ?? [], mutes: store?.mutes(now.getTime()) ?? [] }
  const alerts = (store?.alerts() ?? []).map(alert => ({
    ...notifiedOf(alert),
    state: alert.state,
    acknowledgement: acknowledgementOf(alert, said),
    mute: said.mutes.find(({ rule }) => rule === alert.rule),
  }))
  return { alerts, channels: store?.channels() ?? [], mutes: said.mutes }
}

/** Not sent again until it is over. Throws the Fault `not-found` for one that does not fire. */
export function acknowledgeAlert(store: AlertStore, id: string, by: string, now: Date): Alert {
  const alert = store.alerts().find(one => one.id === id && one.state === 'firing')
  if (alert === undefined)
    throw new Fault(
      'not-found',
      `expected an alert that is firing, found none with the id ${quote(id)}; \`alerts list\` shows them`,
    )
  store.acknowledge({ id, since: alert.since, by, at: now.getTime() })
  return alert
}

type Muting = { readonly hours: number; readonly by: string; readonly why: string }

/** No alert of the rule is sent until then; it is shown all the same. */
export function muteRule(store: AlertStore, { name }: Rule, { hours, by, why }: Muting, now: Date): Mute {
  const mute = { rule: name, until: now.getTime() + hours * HOUR, by, why }
  store.mute({ ...mute, at: now.getTime() })
  return mute
}

/** Also of a rule that is gone. Throws the Fault `not-found` for one that is not muted. */
export function unmuteRule(store: AlertStore, rule: string, now: Date): void {
  if (muteOf(store, rule, now) === undefined)
    throw new Fault('not-found', `expected a rule that is muted, found ${quote(rule)}; \`alerts list\` shows mutes`)
  store.unmute(rule, now.getTime())
}

export function muteOf(store: AlertStore, rule: string, now: Date): Mute | undefined {
  return store.mutes(now.getTime()).find(mute => mute.rule === rule)
}

type ChannelTest = { readonly channel: string; readonly ok: boolean; readonly reason: string }

/** Sends a test to each, and says of each whether it took it. */
export function testChannels(channels: readonly Channel[], gateway: string, now: Date): Promise<ChannelTest[]> {
  const notification = testNotification(gateway, now)
  return Promise.all(
    channels.map(({ name, send }) =>
      send(notification, AbortSignal.timeout(TEST_TIME)).then(
        () => ({ channel: name, ok: true, reason: '' }),
        error => ({ channel: name, ok: false, reason: (error as Error).message }),
      ),
    ),
  )
}
