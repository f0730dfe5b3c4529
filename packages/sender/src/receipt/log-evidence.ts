// What is kept when a receiver's log is found to have two histories: its own signed words, side by
// side.
import { join } from 'node:path'
import { onFile, writeDurableFile } from '@seg/core'
import type { SeenCheckpoint } from '@seg/ledger'
import type { ShownTree } from './check-log-entry.ts'

export type Evidence = {
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
  { before, shown, receipt, receiver, reason }: Evidence,
): Promise<string> {
  // The key's hash is hexadecimal, whatever the log is called.
  const keyHash = shown.log.slice(-8)
  const folder = join(
    data,
    'evidence',
    `log-${keyHash}-${before.size}-${shown.size}-${shown.root.toString('hex').slice(0, 12)}`,
  )
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
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name)
    await onFile('write', path, () => writeDurableFile(path, content, { replace: true }))
  }
  return folder
}

type SplitView = {
  readonly log: string
  readonly reason: string
  readonly one: SeenCheckpoint
  readonly other: SeenCheckpoint
}

/** The same for what partners have seen of one log. */
export async function keepSplit(data: string, { log, reason, one, other }: SplitView): Promise<string> {
  // The key's hash is hexadecimal, whatever the log is called.
  const keyHash = log.slice(-8)
  const roots = [one, other].map(({ size, root }) => `${size}-${root.toString('hex').slice(0, 12)}`).join('-')
  const folder = join(data, 'evidence', `split-${keyHash}-${roots}`)
  const statement = { log, reason, one: describe(one), other: describe(other) }
  const files = {
    'one.checkpoint': one.note,
    'other.checkpoint': other.note,
    'evidence.json': `${JSON.stringify(statement, undefined, 2)}\n`,
  }
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name)
    await onFile('write', path, () => writeDurableFile(path, content, { replace: true }))
  }
  return folder
}

function describe({ size, root }: SeenCheckpoint) {
  return { size, root: root.toString('base64') }
}
