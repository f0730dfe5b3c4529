// Alerts about what all nodes of one ledger see: the node that sends them shares what it found and
// sent, so that the next one goes on from there; and what operators say of such alerts on one node
// holds for all.
import { Fault } from '@seg/core'
import type { SharedNote, SharedNotes } from '@seg/ledger'
import type { Acknowledgement, Alert, AlertStore, KeptMute } from './alert-store.ts'
import { ruleOf } from './rules.ts'

/** Of the node that sends; milliseconds since 1970. */
export type LedAlerts = { readonly alerts: readonly Alert[]; readonly at: number }

/** Of the one note with them. */
const LED = { kind: 'alerts', id: 'shared' } as const

export function isShared({ rule }: Pick<Alert, 'rule'>): boolean {
  return ruleOf(rule)?.isShared === true
}

/**
 * Exchanges what was said, into the store, and returns what the node that sends has found.
 * Undefined where none has yet. Throws the Fault `storage-unavailable`.
 */
export async function readShared(notes: SharedNotes, store: AlertStore): Promise<LedAlerts | undefined> {
  const [led] = await notes.exchange(LED.kind, [])
  const alerts = led === undefined ? [] : (parse(led) as readonly Alert[])
  const ids = new Set([...alerts, ...store.alerts()].filter(isShared).map(({ id }) => id))
  const acknowledged = store.acknowledgements().filter(({ id }) => ids.has(id))
  await exchange(
    notes,
    'acknowledgement',
    acknowledged,
    ({ id }) => id,
    said => store.acknowledge(said),
  )
  const muted = store.keptMutes().filter(isShared)
  await exchange(
    notes,
    'mute',
    muted,
    ({ rule }) => rule,
    said => store.mute(said),
  )
  return led && { alerts, at: led.at }
}

/** From the node that sends. Throws the Fault `storage-unavailable`. */
export async function writeShared(notes: SharedNotes, alerts: readonly Alert[], at: number): Promise<void> {
  await notes.exchange(LED.kind, [{ ...LED, at, text: JSON.stringify(alerts.filter(isShared)) }])
}

/** What others have said later than we did is kept here, too. */
async function exchange<Said extends Acknowledgement | KeptMute>(
  notes: SharedNotes,
  kind: string,
  ours: readonly Said[],
  idOf: (said: Said) => string,
  keep: (said: Said) => void,
): Promise<void> {
  const known = new Map(ours.map(said => [idOf(said), said.at]))
  const sent = ours.map(said => ({ kind, id: idOf(said), at: said.at, text: JSON.stringify(said) }))
  for (const note of await notes.exchange(kind, sent))
    if (note.at > (known.get(note.id) ?? 0)) keep(parse(note) as Said)
}

function parse({ kind, text }: SharedNote): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Fault('storage-unavailable', `a note of another node cannot be read (${kind})`, { cause })
  }
}
