// An entry of the log by itself: its leaf, what opens it or when that was erased, and the columns
// beside it.
import { Fault } from '@seg/core'
import { columnsOf } from '../log/entry-columns.ts'
import { type EntryVersion, type EventType, isTime, type LogEvent } from '../log/events.ts'
import { type Opening, readEntry, readLeaf } from '../log/leaf.ts'
import { compare } from './compare-fields.ts'
import { octetsOf, type StoredEntry } from './evidence.ts'

/** `event` is undefined when the facts were erased. */
export type CheckedEntry = {
  readonly index: number
  readonly version: EntryVersion
  readonly type: EventType
  readonly at: string
  readonly leaf: Buffer
  readonly opening: Opening | undefined
  readonly event: LogEvent | undefined
}

/**
 * Entries in their order: the versions never go back, or an entry could do without what later ones
 * must have.
 */
export class EntryCheck {
  #version: EntryVersion = 1
  #erased = 0

  /** Entries whose facts were erased. */
  get erased(): number {
    return this.#erased
  }

  check(row: StoredEntry): CheckedEntry {
    const index = Number(row.leaf_index)
    const entry = readRow(row, index)
    if (entry.version < this.#version)
      throw new Fault(
        'log-invalid',
        `entry ${index} is of version ${entry.version}, after entries of version ${this.#version}`,
      )
    this.#version = entry.version
    if (entry.event === undefined) this.#erased++
    return entry
  }
}

function readRow(row: StoredEntry, index: number): CheckedEntry {
  const leaf = octetsOf(row.leaf)
  if (leaf === undefined) throw new Fault('log-invalid', `entry ${index} has no octets`)
  try {
    const { version, type, at } = readLeaf(leaf)
    const opening = readOpening(row)
    const isErased = version === 2 && opening === undefined && isTime(row.erased_at)
    const event = isErased ? undefined : readEntry(leaf, opening)
    const erased = { at, type, sender: null, document_id: null, code: null }
    const said = event === undefined ? erased : { ...columnsOf(event), erased_at: null }
    compare('its row', index, said, row)
    return { index, version, type, at, leaf, opening, event }
  } catch (cause) {
    if (!(cause instanceof Fault) || cause.detail.startsWith(`entry ${index} `)) throw cause
    throw new Fault('log-invalid', `entry ${index}: ${cause.detail}`, { cause })
  }
}

function readOpening({ facts, nonce }: StoredEntry): Opening | undefined {
  if (facts === null && nonce === null) return undefined
  const [read, random] = [octetsOf(facts), octetsOf(nonce)]
  if (read === undefined || random === undefined)
    throw new Fault('log-invalid', `its ${read === undefined ? 'facts' : 'nonce'} are missing`)
  return { facts: read, nonce: random }
}
