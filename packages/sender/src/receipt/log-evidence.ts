// What is kept when a receiver's log is found to have two histories: its own signed words, side by
// side.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { onFile, writeDurableFile } from '@seg/core'
import type { SeenCheckpoint } from '@seg/ledger'
import type { ShownTree } from './check-log-entry.ts'

export type LogEvidence = {
  readonly before: SeenCheckpoint
  readonly shown: ShownTree
  /** The receipt that the shown checkpoint came with. */
  readonly receipt: Buffer
  readonly receiver: URL
  readonly reason: string
}

/**
 * Writes it under the data folder and returns where; the same evidence again changes nothing.
 * Throws Fault `file-unreadable`.
 */
export async function keepEvidence(
  data: string,
  { before, shown, receipt, receiver, reason }: LogEvidence,
): Promise<string> {
  // The key's hash is hexadecimal, for any name of a log.
  const keyHash = shown.log.slice(-8)
  const place = {
    parent: join(data, 'evidence'),
    prefix: `log-${keyHash}-`,
    rest: `${before.size}-${shown.size}-${shown.root.toString('hex').slice(0, 12)}`,
  }
  const statement = {
    log: shown.log,
    receiver: receiver.origin,
    reason,
    seenBefore: describe(before),
    shownNow: describe(shown),
  }
  const files = {
    'before.checkpoint': before.note,
    'shown.checkpoint': shown.note,
    'receipt.xml': receipt,
    'evidence.json': `${JSON.stringify(statement, undefined, 2)}\n`,
  }
  return keepFolder(place, files)
}

type SplitView = {
  readonly log: string
  readonly reason: string
  readonly one: SeenCheckpoint
  readonly other: SeenCheckpoint
}

/** The same for what partners have seen of one log. */
export async function keepSplit(data: string, { log, reason, one, other }: SplitView): Promise<string> {
  // The key's hash is hexadecimal, for any name of a log.
  const keyHash = log.slice(-8)
  const roots = [one, other].map(({ size, root }) => `${size}-${root.toString('hex').slice(0, 12)}`).join('-')
  const place = { parent: join(data, 'evidence'), prefix: `split-${keyHash}-`, rest: roots }
  const statement = { log, reason, one: describe(one), other: describe(other) }
  const files = {
    'one.checkpoint': one.note,
    'other.checkpoint': other.note,
    'evidence.json': `${JSON.stringify(statement, undefined, 2)}\n`,
  }
  return keepFolder(place, files)
}

/** For one key: a receiver may show another tree with each try, and each proves the same. */
const MOST_FOLDERS = 100

type Place = { readonly parent: string; readonly prefix: string; readonly rest: string }

/**
 * Returns the folder, or the one above when there are so many that no more is written: the
 * checkpoints are in the outbox as well (`sender log show`), the receipt with its delivery.
 */
async function keepFolder({ parent, prefix, rest }: Place, files: Record<string, string | Buffer>): Promise<string> {
  const folder = join(parent, `${prefix}${rest}`)
  const kept = (await readdir(parent).catch(() => [])).filter(name => name.startsWith(prefix))
  if (kept.length >= MOST_FOLDERS && !kept.includes(`${prefix}${rest}`)) return parent
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name)
    await onFile('write', path, () => writeDurableFile(path, content, { replace: true }))
  }
  return folder
}

function describe({ size, root }: SeenCheckpoint) {
  return { size, root: root.toString('base64') }
}
