// When each partner last read the transparency log, as a witness does with each new receipt, and
// how many entries it has seen that the log has: kept in a file, so that a restart forgets none.
// Of several nodes with one log a partner reads that of any, so they exchange what each knows.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { asFault, isSystemError, pollLoop, writeDurableFile } from '@seg/core'
import type { SharedNotes } from '@seg/ledger'
import type { Sample, Witness } from '@seg/operators'

const FILE = 'witnesses.json'
/** Partners that are kept: the one that read longest ago is removed. */
const MOST = 500
/** Milliseconds between two writes; a crash forgets what was read since the last. */
const WRITE_INTERVAL = 60_000
/** Of the notes that nodes exchange, every so many milliseconds. */
const KIND = 'witness'
const EXCHANGE_INTERVAL = 60_000

export type Witnesses = {
  /**
   * This partner was given a checkpoint, a tile or entries, which show that the log has so many
   * entries. Never throws, never waits.
   */
  note(partner: string, size: number): void
  list(): readonly Witness[]
  samples(): Sample[]
  close(): Promise<void>
}

type Seen = { readonly at: number; readonly size: number | null }

/**
 * Milliseconds since 1970. `since`: of the first start, as long as nobody has read. A row of a
 * version before has no size.
 */
type Kept = {
  readonly since: number
  readonly partners: readonly (readonly [id: string, at: number, size?: number | null])[]
}

/**
 * `complain` gets a line for the operator: nothing else depends on the file. `notes`: of several
 * nodes, closed with the witnesses.
 */
export async function openWitnesses(
  folder: string,
  now: () => Date,
  complain: (line: string) => void,
  notes?: SharedNotes,
): Promise<Witnesses> {
  const path = join(folder, FILE)
  const { since, partners } = await readKept(path, now(), complain)
  const read = new Map(partners.map(([id, at, size = null]): [string, Seen] => [id, { at, size }]))
  let writing = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  const write = () => {
    clearTimeout(timer)
    timer = undefined
    const text = `${JSON.stringify({ since, partners: rowsOf(read) } satisfies Kept)}\n`
    writing = writing
      .then(() => writeDurableFile(path, text, { replace: true }))
      .catch(error => complain(`who reads the log cannot be kept: ${asFault(error).detail}`))
  }
  /** Since the others were last asked. */
  const fresh = new Map<string, Seen>()
  const keep = (partner: string, { at, size }: Seen) => {
    const most = Math.max(size ?? 0, read.get(partner)?.size ?? 0)
    // The last of the map read most recently.
    read.delete(partner)
    read.set(partner, { at, size: most === 0 ? null : most })
    if (read.size > MOST) read.delete(read.keys().next().value!)
    timer ??= setTimeout(write, WRITE_INTERVAL).unref()
  }
  const exchange = async () => {
    const ours = [...fresh]
    const notesOfOurs = ours.map(([id, { at, size }]) => ({ kind: KIND, id, at, text: JSON.stringify(size) }))
    const found = (await notes!.exchange(KIND, notesOfOurs)).slice(0, MOST)
    for (const [partner, seen] of ours) if (fresh.get(partner) === seen) fresh.delete(partner)
    for (const { id, at, text } of found.reverse())
      if (at > (read.get(id)?.at ?? 0)) keep(id, { at, size: /^\d{1,15}$/.test(text) ? Number(text) : null })
  }
  const stop = new AbortController()
  const say = (line: string) => complain(`which partners read the log of other nodes is not known: ${line}`)
  const exchanging = notes && pollLoop(exchange, { interval: EXCHANGE_INTERVAL, signal: stop.signal, complain: say })
  return {
    note(partner, size) {
      const seen = { at: now().getTime(), size }
      if (notes !== undefined && fresh.size < MOST) fresh.set(partner, seen)
      keep(partner, seen)
    },
    list: () => [...read].map(([partner, { at, size }]) => ({ partner, at, size })).reverse(),
    samples: () => [
      {
        name: 'seg_log_read_timestamp_seconds',
        value: Math.max(since, ...[...read.values()].map(({ at }) => at)) / 1000,
      },
      ...[...read].map(
        ([partner, { at }]): Sample => ({
          name: 'seg_witness_checkpoint_timestamp_seconds',
          labels: { partner },
          value: at / 1000,
        }),
      ),
    ],
    async close() {
      stop.abort()
      await exchanging
      if (fresh.size > 0) await exchange().catch(() => {})
      await notes?.close()
      if (timer !== undefined) write()
      await writing
    },
  }
}

function rowsOf(read: ReadonlyMap<string, Seen>): Kept['partners'] {
  return [...read].map(([id, { at, size }]) => [id, at, size] as const)
}

/** A file in another form is replaced: it is no evidence. */
async function readKept(path: string, now: Date, complain: (line: string) => void): Promise<Kept> {
  try {
    const kept = parseKept(JSON.parse(await readFile(path, 'utf8')))
    if (kept !== undefined) return kept
    complain(`expected in ${path} who has read the log, found something else: it is written anew`)
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) complain(`${path} is written anew: ${asFault(error).detail}`)
  }
  return { since: now.getTime(), partners: [] }
}

function parseKept(value: unknown): Kept | undefined {
  const { since, partners } = Object(value) as { readonly since?: unknown; readonly partners?: unknown }
  if (!Number.isSafeInteger(since) || !Array.isArray(partners) || partners.length > MOST) return undefined
  const isSize = (value: unknown) => value === undefined || value === null || Number.isSafeInteger(value)
  const areRows = partners.every(
    row =>
      Array.isArray(row) &&
      row.length <= 3 &&
      typeof row[0] === 'string' &&
      Number.isSafeInteger(row[1]) &&
      isSize(row[2]),
  )
  return areRows ? { since: since as number, partners } : undefined
}
