// Alerts while a gateway runs: the rules are evaluated in the desk's thread, and what is due is
// sent. What cannot be kept is sent all the same.
import { asFault, retryDelay } from '@seg/core'
import type { SharedNotes } from '@seg/ledger'
import type { MetricStore } from '../metrics/metric-store.ts'
import { advanceAlerts, dueFor, noteSent } from './advance-alerts.ts'
import { type Alert, type AlertStore, type ChannelState, openAlertStore } from './alert-store.ts'
import type { Channel } from './channels.ts'
import { notifiedOf } from './notification.ts'
import { rules } from './rules.ts'
import { SeriesHistory } from './series-history.ts'
import { isShared, type LedAlerts, readShared, writeShared } from './share-alerts.ts'

/** Milliseconds that a channel has for a notification, and the longest pause between two tries. */
const [SEND_TIME, LONGEST_PAUSE] = [20_000, 60_000]

export type AlertWatch = {
  /**
   * With the metrics as they are now. Resolves when what was due was sent, or was not taken.
   * `leads`: also of what all nodes see.
   */
  evaluate(now: Date, leads?: boolean): Promise<void>
  close(): void
}

type Parts = {
  readonly folder: string
  readonly gateway: string
  readonly node?: string | undefined
  readonly channels: readonly Channel[]
  readonly metrics: MetricStore
  /** Where several nodes have one ledger. */
  readonly notes?: SharedNotes | undefined
  readonly complain: (line: string) => void
}

type Sending = { state: ChannelState; tries: number; nextTry: number; isBusy: boolean }

export function watchAlerts({ folder, gateway, node, channels, metrics, notes, complain }: Parts): AlertWatch {
  const history = new SeriesHistory()
  const stop = new AbortController()
  const sendings = new Map<string, Sending>()
  let store: AlertStore | undefined
  let alerts: readonly Alert[] = []
  /** Whether the alerts that all nodes see are those that this one has sent. */
  let isLeading = false
  let complaint = ''

  const report = (found: string) => {
    if (found !== '' && found !== complaint) complain(found)
    complaint = found
  }
  let complaintOfNotes = ''
  const complainOnce = (line: string) => {
    if (line !== complaintOfNotes) complain(line)
    complaintOfNotes = line
  }
  const open = async () => {
    if (store !== undefined) return store
    store = await openAlertStore(folder)
    alerts = store.alerts()
    return store
  }
  const measure = () => {
    const firing = alerts.filter(({ state }) => state === 'firing').map(notifiedOf)
    metrics.replace(
      ['seg_alerts_firing', 'seg_alert_channel_failing'],
      [
        ...['page', 'ticket'].map(severity => ({
          name: 'seg_alerts_firing' as const,
          labels: { severity },
          value: firing.filter(alert => alert.severity === severity).length,
        })),
        ...channels.map(({ name }) => ({
          name: 'seg_alert_channel_failing' as const,
          labels: { channel: name },
          value: Number((sendings.get(name)?.state.failedSince ?? 0) > 0),
        })),
      ],
    )
  }
  const send = async (channel: Channel, due: readonly Alert[], now: Date) => {
    const sending = sendingOf(sendings, channel.name)
    if (due.length === 0 || sending.isBusy || now.getTime() < sending.nextTry) return
    sending.isBusy = true
    const { name } = channel
    try {
      const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(SEND_TIME)])
      await channel.send({ gateway, node, at: now, alerts: due.map(notifiedOf) }, signal)
      const ids = new Set(due.map(({ id }) => id))
      alerts = alerts.map(alert => (ids.has(alert.id) ? noteSent(alert, name, now.getTime()) : alert))
      metrics.add('seg_alert_notifications_total', { channel: name, result: 'sent' })
      if (sending.state.failedSince > 0) complain(`alerts reach ${name} again`)
      sending.tries = 0
      sending.state = { name, sentAt: now.getTime(), failedSince: 0, failure: '' }
    } catch (error) {
      if (stop.signal.aborted) return
      const failure = asFault(error).detail
      metrics.add('seg_alert_notifications_total', { channel: name, result: 'failed' })
      if (failure !== sending.state.failure) complain(`alerts do not reach ${name}: ${failure}; it is tried again`)
      const { sentAt, failedSince } = sending.state
      sending.nextTry = now.getTime() + retryDelay(++sending.tries, 0, Math.random, LONGEST_PAUSE)
      sending.state = { name, sentAt, failedSince: failedSince || now.getTime(), failure }
    } finally {
      sending.isBusy = false
    }
  }
  const save = () => {
    try {
      store?.save(
        alerts,
        [...sendings.values()].map(({ state }) => state),
      )
      report('')
    } catch (error) {
      report(`alerts are not kept, and sent all the same: ${asFault(error).message}`)
    }
  }
  /** Undefined: alone, or others cannot be asked. */
  const readOthers = async (): Promise<LedAlerts | undefined> => {
    if (notes === undefined) return undefined
    try {
      return await readShared(notes, await open())
    } catch (error) {
      complainOnce(`what other nodes have sent is not known: ${asFault(error).message}`)
      return undefined
    }
  }
  const shareSent = async (at: number) => {
    try {
      if (notes !== undefined) await writeShared(notes, alerts, at)
    } catch (error) {
      complainOnce(`other nodes do not know what was sent: ${asFault(error).message}`)
    }
  }
  return {
    async evaluate(now, leads = true) {
      const led = await readOthers()
      const said = { acknowledgements: [], mutes: [], ...(await sayings(open, now, report)) }
      measure()
      history.take(metrics, now.getTime())
      // Who begins to send goes on from what the former one has sent.
      if (led !== undefined && !isLeading) alerts = withShared(alerts, led.alerts)
      const found = advanceAlerts(alerts, rules, history, now.getTime())
      alerts = led !== undefined && !leads ? withShared(found, led.alerts) : found
      isLeading = leads
      measure()
      save()
      const dueOf = (name: string) =>
        dueFor(name, alerts, said, now.getTime()).filter(alert => leads || !isShared(alert))
      await Promise.all(channels.map(channel => send(channel, dueOf(channel.name), now)))
      save()
      // Later than the former one, whatever its clock said.
      if (leads) await shareSent(Math.max(now.getTime(), (led?.at ?? 0) + 1))
    },
    close() {
      stop.abort()
      store?.close()
      store = undefined
    },
  }
}

function withShared(own: readonly Alert[], shared: readonly Alert[]): Alert[] {
  return [...own.filter(alert => !isShared(alert)), ...shared]
}

async function sayings(open: () => Promise<AlertStore>, now: Date, report: (line: string) => void) {
  try {
    const store = await open()
    return { acknowledgements: store.acknowledgements(), mutes: store.mutes(now.getTime()) }
  } catch (error) {
    report(`alerts are not kept, and sent all the same: ${asFault(error).message}`)
    return {}
  }
}

function sendingOf(sendings: Map<string, Sending>, name: string): Sending {
  const found = sendings.get(name) ?? {
    state: { name, sentAt: 0, failedSince: 0, failure: '' },
    ...{ tries: 0, nextTry: 0, isBusy: false },
  }
  sendings.set(name, found)
  return found
}
