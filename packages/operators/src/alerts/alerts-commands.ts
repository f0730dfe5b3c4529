// `alerts list`, `test`, `ack`, `mute` and `unmute`.
import { type Command, Fault, openOutput, quote, readSection, readSettings, writeList } from '@seg/core'
import { checkDataFolder } from '@seg/ledger'
import { shellActor } from '../audit/perform-act.ts'
import {
  acknowledgeAlert,
  muteOf,
  muteRule,
  readAlerts,
  type ShownAlert,
  testChannels,
  unmuteRule,
} from './alert-acts.ts'
import { type Alert, type AlertStore, type Mute, openAlertReader, openAlertStore } from './alert-store.ts'
import { alertsSection, openAlertChannels } from './alerts-section.ts'
import { ruleOf, rules } from './rules.ts'

export async function runAlertsList(_options: object, command: Command): Promise<void> {
  const store = openAlertReader(readSettings(command, ['data']).data)
  try {
    const { alerts, channels, mutes } = readAlerts(store, new Date())
    await writeList(command, asList(alerts.map(factsOf)), {
      name: 'alerts',
      before: { channels, mutes },
      facts: alert => alert,
      line: ({ state, severity, rule, id, labels, since, summary, acknowledged, muted }) => {
        const names = Object.values(labels).map(quote).join(' ')
        const notes = [acknowledged && 'acknowledged', muted && `muted until ${new Date(muted.until).toISOString()}`]
        const more = notes.filter(Boolean).join(', ')
        return (
          `${id}  ${state.padEnd(8)} ${severity.padEnd(6)} ${since}  ${rule} ${names}: ` +
          `${summary}${more && ` (${more})`}`
        )
      },
      empty: 'no alerts',
    })
    for (const { name, failedSince, failure } of channels)
      if (failedSince > 0)
        openOutput(command).say(
          `${name} takes no alerts since ${new Date(failedSince).toISOString()}: ${quote(failure)}`,
        )
  } finally {
    store?.close()
  }
}

function factsOf({ acknowledgement, mute, ...alert }: ShownAlert) {
  return { ...alert, acknowledged: acknowledgement !== undefined, muted: mute ?? null }
}

/** Sends a test to each channel. Ends with the Fault `overloaded` when one did not take it. */
export async function runAlertsTest(_options: object, command: Command): Promise<void> {
  const { path, value } = readSection(command.opts().config, alertsSection)
  const channels = await openAlertChannels(path, value)
  if (channels.length === 0)
    throw new Fault('configuration', `expected channels under the key alerts of ${path}, found none (docs/alerts.md)`)
  const results = await testChannels(channels, 'test', new Date())
  const isGood = results.every(({ ok }) => ok)
  const lines = results.map(({ channel, ok, reason }) => `${channel}: ${ok ? 'taken' : `not taken: ${quote(reason)}`}`)
  openOutput(command).report({ ok: isGood, channels: results }, lines.join('\n'))
  if (!isGood) process.exitCode = 5
}

export async function runAlertsAck(id: string, _options: object, command: Command): Promise<void> {
  await withStore(command, store => {
    const { rule } = acknowledgeAlert(store, id, shellActor().id, new Date())
    openOutput(command).report(
      { ok: true, id, rule },
      `acknowledged: ${rule} (${id}) is not sent again until it is over`,
    )
  })
}

type MuteOptions = { readonly hours: number; readonly why?: string }

export async function runAlertsMute(name: string, { hours, why }: MuteOptions, command: Command): Promise<void> {
  const rule = ruleOf(name)
  if (rule === undefined)
    throw new Fault('usage', `expected a rule, found ${quote(name)}; rules: ${rules.map(row => row.name).join(', ')}`)
  if (why === undefined) throw new Fault('usage', 'a mute needs its reason: --why TEXT')
  await withStore(command, store => {
    const { until } = muteRule(store, rule, { hours, by: shellActor().id, why }, new Date())
    const end = new Date(until).toISOString()
    openOutput(command).report({ ok: true, rule: name, until: end }, `${name} is muted until ${end}`)
  })
}

export async function runAlertsUnmute(rule: string, _options: object, command: Command): Promise<void> {
  await withStore(command, store => {
    unmuteRule(store, rule, new Date())
    openOutput(command).report({ ok: true, rule }, `${rule} is not muted any more`)
  })
}

async function withStore(command: Command, use: (store: AlertStore) => void): Promise<void> {
  const { data } = readSettings(command, ['data'])
  checkDataFolder(data, 'receiver')
  const store = await openAlertStore(data)
  try {
    use(store)
  } finally {
    store.close()
  }
}

async function* asList<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items
}

/** What an alert looks like, for its audit record. */
export function readAlert(data: string, id: string): Alert | null {
  return readOne(data, store => store.alerts().find(alert => alert.id === id))
}

/** The same of a mute. */
export function readMute(data: string, rule: string): Mute | null {
  return readOne(data, store => muteOf(store, rule, new Date()))
}

function readOne<Value>(data: string, read: (store: AlertStore) => Value | undefined): Value | null {
  const store = openAlertReader(data)
  try {
    return (store && read(store)) ?? null
  } finally {
    store?.close()
  }
}
