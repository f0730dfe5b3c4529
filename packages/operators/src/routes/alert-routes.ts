// Alerts, their rules and channels: what is firing, and what operators do about it.
import { Fault, quote, readSection } from '@seg/core'
import { acknowledgementOf } from '../alerts/advance-alerts.ts'
import { acknowledgeAlert, muteOf, muteRule, readAlerts, testChannels, unmuteRule } from '../alerts/alert-acts.ts'
import type { AlertStore } from '../alerts/alert-store.ts'
import { alertsSection, openAlertChannels } from '../alerts/alerts-section.ts'
import { LONGEST_MUTE } from '../alerts/mute-hours.ts'
import { type Rule, rules } from '../alerts/rules.ts'
import { actAs, actorOf } from '../api/api-act.ts'
import type { ApiParts } from '../api/parts.ts'
import { type ApiRequest, type ApiRoute, operatorOf, route } from '../api/route.ts'
import { exactly, Type, Why } from '../api/schema.ts'
import { AlertRow, alertRow, ChannelRow, channelRow, RuleRow, ruleRow } from './alert-rows.ts'

const Id = exactly({ id: Type.String({ pattern: '^[0-9a-f]{1,20}$' }) })
const Name = exactly({ name: Type.String({ pattern: '^[A-Za-z]{1,64}$' }) })

export const alertRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/api/v1/alerts',
    permission: 'alerts.read',
    summary: 'Alerts that are pending, firing, or ended within a day: the latest first.',
    response: exactly({ data: Type.Array(AlertRow) }),
    handle: async (_request, parts) => {
      const { alerts } = readAlerts(await parts.alerts(), parts.now())
      return { data: alerts.map(alertRow).sort((a, b) => (a.since > b.since ? -1 : 1)) }
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/alerts/:id',
    permission: 'alerts.read',
    summary: 'One alert.',
    params: Id,
    version: ({ params: { id } }, parts) => findAlert(id, parts),
    response: AlertRow,
    handle: ({ params: { id } }, parts) => findAlert(id, parts),
  }),
  route({
    method: 'POST',
    path: '/api/v1/alerts/:id/acknowledge',
    permission: 'alerts.act',
    act: 'configuration.alert-acknowledged',
    summary: 'Somebody takes care of it: it is not sent again until it is over.',
    params: Id,
    version: ({ params: { id } }, parts) => findAlert(id, parts),
    body: exactly({ why: Why }),
    response: AlertRow,
    handle: async (request, parts) => {
      const { id } = request.params
      const store = await parts.alerts()
      const planned = {
        action: 'configuration.alert-acknowledged',
        category: 'configuration',
        on: { kind: 'alert', id },
        why: request.body.why,
        look: async () => {
          const alert = store.alerts().find(one => one.id === id)
          const said = { acknowledgements: store.acknowledgements(), mutes: [] }
          return (alert && acknowledgementOf(alert, said)) ?? null
        },
      } as const
      await actAs(request, parts, planned, async () => acknowledgeAlert(store, id, nameOf(request), parts.now()))
      return findAlert(id, parts)
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/alert-rules',
    permission: 'alerts.read',
    summary: 'What is watched, and which rules are muted.',
    response: exactly({ data: Type.Array(RuleRow) }),
    handle: async (_request, parts) => {
      const { mutes } = readAlerts(await parts.alerts(), parts.now())
      return { data: rules.map(rule => ruleRow(rule, mutes)) }
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/alert-rules/:name/mute',
    permission: 'alerts.act',
    act: 'configuration.alert-muted',
    summary: 'Sends no alert of the rule for so many hours; the list shows them.',
    params: Name,
    body: exactly({ hours: Type.Integer({ minimum: 1, maximum: LONGEST_MUTE }), why: Why }),
    response: RuleRow,
    handle: (request, parts) => {
      const { hours, why } = request.body
      return actOnRule(request, parts, 'configuration.alert-muted', (rule, store) => {
        muteRule(store, rule, { hours, by: nameOf(request), why }, parts.now())
      })
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/alert-rules/:name/unmute',
    permission: 'alerts.act',
    act: 'configuration.alert-unmuted',
    summary: 'Sends alerts of the rule again.',
    params: Name,
    body: exactly({ why: Why }),
    response: RuleRow,
    handle: (request, parts) =>
      actOnRule(request, parts, 'configuration.alert-unmuted', ({ name }, store) =>
        unmuteRule(store, name, parts.now()),
      ),
  }),
  route({
    method: 'GET',
    path: '/api/v1/alert-channels',
    permission: 'alerts.read',
    summary: 'Who is notified by seg.yaml, and what became of the latest notification since the start.',
    response: exactly({ data: Type.Array(ChannelRow) }),
    handle: async (_request, parts) => {
      const { value } = readSection(await parts.ask('configuration'), alertsSection)
      const { channels } = readAlerts(await parts.alerts(), parts.now())
      const names = (['mail', 'webhook', 'syslog'] as const).filter(name => value?.[name] !== undefined)
      return { data: names.map(name => channelRow(name, channels)) }
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/alert-channels/:name/test',
    permission: 'alerts.act',
    act: 'configuration.alert-channel-tested',
    summary: 'Sends a test to a channel as seg.yaml has it now, and waits for its answer, 20 seconds at most.',
    params: Name,
    response: exactly({ channel: Type.String(), ok: Type.Boolean(), reason: Type.String() }),
    handle: async (request, parts) => {
      const { name } = request.params
      const { path, value } = readSection(await parts.ask('configuration'), alertsSection)
      const channels = (await openAlertChannels(path, value)).filter(channel => channel.name === name)
      if (channels.length === 0) throw new Fault('not-found', `seg.yaml has no channel ${quote(name)} for alerts`)
      const { id } = await parts.ask('identity')
      const planned = {
        action: 'configuration.alert-channel-tested',
        category: 'configuration',
        on: { kind: 'alert-channel', id: name },
      } as const
      const [result] = await actAs(request, parts, planned, () => testChannels(channels, id, parts.now()))
      return result!
    },
  }),
]

type RuleRequest = ApiRequest<{ readonly name: string }, unknown, { readonly why: string }>

/** Between its records; the rule as it is then. */
async function actOnRule(
  request: RuleRequest,
  parts: ApiParts,
  action: string,
  act: (rule: Rule, store: AlertStore) => void,
) {
  const { name } = request.params
  const store = await parts.alerts()
  const planned = {
    action,
    category: 'configuration',
    on: { kind: 'alert-rule', id: name },
    why: request.body.why,
    look: async () => muteOf(store, name, parts.now()) ?? null,
  } as const
  return actAs(request, parts, planned, async () => {
    const rule = rules.find(one => one.name === name)
    if (rule === undefined) throw new Fault('not-found', `no rule is called ${quote(name)}`)
    act(rule, store)
    return ruleRow(rule, store.mutes(parts.now().getTime()))
  })
}

function nameOf(request: Pick<ApiRequest, 'operator'>): string {
  return actorOf(operatorOf(request)).id
}

async function findAlert(id: string, parts: ApiParts) {
  const found = readAlerts(await parts.alerts(), parts.now()).alerts.find(alert => alert.id === id)
  if (found === undefined) throw new Fault('not-found', `no alert has the id ${quote(id)}`)
  return alertRow(found)
}
