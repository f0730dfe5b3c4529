// `alerts list`, `test`, `ack` and `mute`.
import { type Command, Fault, openOutput, parseNumber, quote, readSection, readSettings, writeList } from '@seg/core'
import { checkDataFolder } from '@seg/ledger'
import { shellActor } from '../audit/perform-act.ts'
import { isAcknowledged } from './advance-alerts.ts'
import { type Alert, type AlertStore, openAlertReader, openAlertStore } from './alert-store.ts'
import { alertsSection, openAlertChannels } from './alerts-section.ts'
import { notifiedOf, testNotification } from './notification.ts'
import { ruleOf, rules } from './rules.ts'

const HOUR = 3600 * 1000
const LONGEST_MUTE = 30 * 24
const TEST_TIME = 20_000

export async function runAlertsList(_options: object, command: Command): Promise<void> {
  const store = openAlertReader(readSettings(command, ['data']).data)
  try {
    const now = Date.now()
    const said = { acknowledgements: store?.acknowledgements() ?? [], mutes: store?.mutes(now) ?? [] }
    const shown = (store?.alerts() ?? []).map(alert => ({
      ...notifiedOf(alert),
      state: alert.state,
      acknowledged: isAcknowledged(alert, said),
      muted: said.mutes.find(({ rule }) => rule === alert.rule) ?? null,
    }))
    const channels = store?.channels() ?? []
    await writeList(command, asList(shown), {
      name: 'alerts',
      before: { channels, mutes: said.mutes },
      facts: alert => alert,
      line: ({ state, severity, rule, id, labels, since, summary, acknowledged, muted }) => {
        const names = Object.values(labels).map(quote).join(' ')
        const notes = [acknowledged && 'acknowledged', muted && `muted until ${new Date(muted.until).toISOString()}`]
        const more = notes.filter(Boolean).join(', ')
        return `${id}  ${state.padEnd(8)} ${severity.padEnd(6)} ${since}  ${rule} ${names}: ${summary}${more && ` (${more})`}`
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

/** Sends a test to each channel. Ends with the Fault `overloaded` when one did not take it. */
export async function runAlertsTest(_options: object, command: Command): Promise<void> {
  const { path, value } = readSection(command.opts().config, alertsSection)
  const channels = await openAlertChannels(path, value)
  if (channels.length === 0)
    throw new Fault('configuration', `expected channels under the key alerts of ${path}, found none (docs/alerts.md)`)
  const notification = testNotification('test', new Date())
  const results = await Promise.all(
    channels.map(({ name, send }) =>
      send(notification, AbortSignal.timeout(TEST_TIME)).then(
        () => ({ channel: name, ok: true, reason: '' }),
        error => ({ channel: name, ok: false, reason: (error as Error).message }),
      ),
    ),
  )
  const isGood = results.every(({ ok }) => ok)
  const lines = results.map(({ channel, ok, reason }) => `${channel}: ${ok ? 'taken' : `not taken: ${quote(reason)}`}`)
  openOutput(command).report({ ok: isGood, channels: results }, lines.join('\n'))
  if (!isGood) process.exitCode = 5
}

export async function runAlertsAck(id: string, _options: object, command: Command): Promise<void> {
  await withStore(command, store => {
    const alert = store.alerts().find(one => one.id === id && one.state === 'firing')
    if (alert === undefined)
      throw new Fault(
        'not-found',
        `expected an alert that is firing, found none with the id ${quote(id)}; \`alerts list\` shows them`,
      )
    store.acknowledge({ id, since: alert.since, by: shellActor().id, at: Date.now() })
    const text = `acknowledged: ${alert.rule} (${id}) is not sent again until it is over`
    openOutput(command).report({ ok: true, id, rule: alert.rule }, text)
  })
}

type MuteOptions = { readonly hours: number; readonly why?: string }

/** No alert of the rule is sent until then; it is shown all the same. */
export async function runAlertsMute(rule: string, { hours, why }: MuteOptions, command: Command): Promise<void> {
  if (ruleOf(rule) === undefined)
    throw new Fault(
      'usage',
      `expected a rule, found ${quote(rule)}; rules: ${rules.map(({ name }) => name).join(', ')}`,
    )
  if (why === undefined) throw new Fault('usage', 'a mute needs its reason: --why TEXT')
  await withStore(command, store => {
    const until = Date.now() + hours * HOUR
    store.mute({ rule, until, by: shellActor().id, why })
    const end = new Date(until).toISOString()
    openOutput(command).report({ ok: true, rule, until: end }, `${rule} is muted until ${end}`)
  })
}

export const parseHours = parseNumber({ what: 'a number of hours', least: 1, most: LONGEST_MUTE })

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
  const store = openAlertReader(data)
  try {
    return store?.alerts().find(alert => alert.id === id) ?? null
  } finally {
    store?.close()
  }
}
