// The keys of a log, one after the other, from docs/log.md ("Another key"): each signs the trees
// from the entry behind its rotation on.
import { type Checkpoint, type NoteKey, openCheckpoint, readKey } from './checkpoint.ts'
import { type Entry, type Opening, openEntry } from './entry.ts'
import { demand } from './rejected.ts'

/** What the receiver shows of an entry that names the next key, with the key's line of log.pub. */
export type Rotation = { readonly index: number; readonly opening: Opening }

/** `from`: the key signs the trees that are larger. */
export type KeyInUse = { readonly from: number; readonly key: NoteKey }

/** The first key, then those that rotations name; `logPub` has a line for each, in any order. */
export function followKeys(logPub: string, entries: readonly Entry[], rotations: readonly Rotation[]): KeyInUse[] {
  const listed = readKeys(logPub)
  const named = rotations.map(({ index, opening }) => ({ from: index + 1, key: readRotation(entries[index], opening) }))
  const first = listed.filter(key => !named.some(other => isSame(other.key, key)))
  demand(first.length === 1, `expected one key of log.pub that no rotation names, found ${first.length}`)
  const keys = [{ from: 0, key: first[0]! }, ...named]
  for (const [i, { from, key }] of keys.entries()) {
    demand(i === 0 || from > keys[i - 1]!.from, 'the rotations are not in their order')
    demand(key.name === keys[0]!.key.name, `the log is called ${keys[0]!.key.name}, a key of it ${key.name}`)
    demand(
      listed.some(other => isSame(other, key)),
      `log.pub has no line for the key after entry ${from - 1}`,
    )
    demand(!keys.slice(0, i).some(other => isSame(other.key, key)), 'a key of the log is used a second time')
  }
  return keys
}

/** The tree of a checkpoint that one of the keys in log.pub signed, whichever that is. */
export function openUnderAny(logPub: string, note: Uint8Array): Checkpoint {
  const names = Buffer.from(note).toString()
  const key = readKeys(logPub).find(({ id }) => names.includes(` ${id.toString('base64').slice(0, 5)}`))
  demand(key !== undefined, 'no key of log.pub signed the checkpoint')
  return openCheckpoint(note, key)
}

/** A checkpoint is good when the key that was in use at its size signed it. */
export function openUnder(keys: readonly KeyInUse[], note: Uint8Array, size: number): Checkpoint {
  return openCheckpoint(note, (keys.findLast(({ from }) => from < size) ?? keys[0]!).key)
}

function readKeys(logPub: string): NoteKey[] {
  return logPub
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(readKey)
}

function readRotation(entry: Entry | undefined, opening: Opening): NoteKey {
  demand(entry?.type === 'admin', 'a rotation is an entry of the type admin')
  const { action, subject } = openEntry(entry, opening)
  demand(action === 'rotate-log-key', `the entry is of the action ${action}`)
  return readKey(String(subject))
}

function isSame(a: NoteKey, b: NoteKey): boolean {
  return a.name === b.name && a.publicKey.equals(b.publicKey)
}
