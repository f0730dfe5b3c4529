// Where accepted documents are handed on to: one row a target, by its name in the report of
// `start`.
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Command, Fault, nameKind, readSettings, type Trouble } from '@seg/core'
import type { Ledger } from '@seg/ledger'
import type { Logger } from '../logger.ts'
import { type BatchEdge, openBatches } from './batches.ts'
import { handOffDefaults } from './hand-off-defaults.ts'
import { HandOffLease } from './hand-off-lease.ts'
import { openInbox } from './inbox.ts'
import { type Edge, type HandOff, type LaneTarget, startLanes } from './sender-lanes.ts'
import { loadWebhook, WebhookLanes } from './webhook.ts'

type Parts = { readonly ledger: Ledger; readonly logger: Logger; readonly edge: Edge & BatchEdge }

/** What the settings name. */
type Target = {
  /** For the report, without what may be secret. */
  readonly place: string
  /** The same in a sentence. */
  readonly shown: string
  /** What does not keep a start from going on, and an operator should know. */
  readonly doubts?: readonly Trouble[]
  open(parts: Parts & { readonly lease: HandOffLease }): LaneTarget
}

const natsSettings = [
  'nats',
  'natsStream',
  'natsSubject',
  'natsCredentials',
  'natsCa',
  'natsCertificate',
  'natsKey',
] as const
export const handOffSettings = Object.keys(handOffDefaults) as (keyof typeof handOffDefaults)[]

/** Each reads its settings; undefined when it is off. */
const targets = { inbox: readInbox, webhook: readWebhook, nats: readNats } as const satisfies Readonly<
  Record<string, (command: Command, data: string) => Promise<Target | undefined>>
>

export type HandOffs = ReadonlyMap<string, Target>

/**
 * The targets that are on. Throws the Faults `usage` and `configuration`: documents would be
 * accepted, and never get anywhere.
 */
export async function readHandOffs(command: Command, data: string): Promise<HandOffs> {
  const found = new Map<string, Target>()
  for (const [name, read] of Object.entries(targets)) {
    const target = await read(command, data)
    if (target !== undefined) found.set(name, target)
  }
  return found
}

export function startHandOffs(handOffs: HandOffs, parts: Parts): HandOff[] {
  const { ledger, logger, edge } = parts
  const lease = new HandOffLease(ledger, edge.elapsed, line => logger.error(line))
  return [...handOffs.values()].map(target => startLanes(target.open({ ...parts, lease }), { ...parts, lease }))
}

/** What may keep a target from taking documents. */
export function doubtsOf(handOffs: HandOffs): Trouble[] {
  return [...handOffs.values()].flatMap(({ doubts = [] }) => doubts)
}

/** The place of each target; null for one that is off. */
export function reportHandOffs(handOffs: HandOffs): Record<string, string | null> {
  return Object.fromEntries(Object.keys(targets).map(name => [name, handOffs.get(name)?.place ?? null]))
}

/** The end of a sentence. */
export function describeHandOffs(handOffs: HandOffs): string {
  const places = [...handOffs.values()].map(({ shown }) => shown)
  return places.length > 0 ? `, and handed on to ${places.join(' and ')}` : ''
}

async function readInbox(command: Command, data: string): Promise<Target | undefined> {
  const { inbox, diskReserve: reserve } = readSettings(command, ['inbox', 'diskReserve'])
  if (inbox === 'off') return undefined
  const folder = resolve(data, inbox)
  const found = await stat(folder).catch(() => undefined)
  if (found !== undefined && !found.isDirectory())
    throw new Fault(
      'configuration',
      `expected a folder at ${folder}, found ${nameKind(found)}; name another with --inbox`,
    )
  return {
    place: folder,
    shown: folder,
    open: ({ ledger, logger, ...parts }) =>
      openBatches(openInbox(folder, ledger, { reserve, note: line => logger.warn(line) }), parts),
  }
}

async function readWebhook(command: Command): Promise<Target | undefined> {
  const names = ['webhook', 'webhookSecret', 'webhookCa'] as const
  const { webhook: url, webhookSecret: secret, webhookCa: ca } = readSettings(command, names)
  if (url === 'off') return undefined
  if (secret === undefined)
    throw new Fault('usage', '--webhook needs --webhook-secret FILE, which its receiver knows, too')
  const webhook = await loadWebhook({ url, secret, ca })
  return {
    // Without user, password and query.
    place: `${url.origin}${url.pathname}`,
    shown: url.origin,
    open: ({ ledger, logger, edge }) => new WebhookLanes(webhook, ledger, logger, edge),
  }
}

async function readNats(command: Command): Promise<Target | undefined> {
  const { nats: address, ...files } = readSettings(command, natsSettings)
  if (address === 'off') return undefined
  // Only where it is used.
  const [{ loadNats }, { NatsLanes }] = await Promise.all([
    import('./nats/nats-settings.ts'),
    import('./nats/nats-lanes.ts'),
  ])
  const { target, doubts } = await loadNats(address, files)
  const servers = address.hosts.map(({ name, port }) => `${name}:${port}`).join(', ')
  return {
    place: `${servers}/${target.stream}`,
    shown: `the stream ${target.stream} of NATS at ${servers}`,
    doubts,
    open: ({ ledger, logger, edge }) => {
      for (const { cause } of doubts) logger.warn(cause)
      return new NatsLanes(target, ledger, logger, edge)
    },
  }
}
