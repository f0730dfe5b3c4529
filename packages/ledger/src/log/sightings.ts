// Checkpoints that one party has seen, as text: what `sender log show` exports, or signed notes as
// they are. Each is believed for its signature alone.
import { Fault, quote } from '@seg/core'
import { isSignedWith, type LogVerifier, openCheckpoint } from './checkpoint.ts'
import type { TreeHead } from './merkle.ts'

/** Of a signature line (C2SP signed-note). */
const DASH = '\u2014 '

/** `log` is the name of the log and the hash of the key that signed. */
export type SignedCheckpoint = TreeHead & { readonly note: string; readonly log: string }

/**
 * What one party has seen. `strangers`: notes that no key of log.pub signed, though it has keys of
 * that log.
 */
export type Sighting = {
  readonly source: string
  readonly checkpoints: readonly SignedCheckpoint[]
  readonly strangers: readonly string[]
}

/**
 * Those of the notes that a known key has signed; of logs that are not known here nothing is said.
 */
export function sight(source: string, notes: readonly string[], verifiers: readonly LogVerifier[]): Sighting {
  const checkpoints: SignedCheckpoint[] = []
  const strangers: string[] = []
  for (const note of notes) {
    const origin = note.slice(0, note.indexOf('\n'))
    const keys = verifiers.filter(({ name }) => name === origin)
    const checkpoint = keys.map(key => open(note, key)).find(opened => opened !== undefined)
    if (checkpoint !== undefined) checkpoints.push(checkpoint)
    else if (keys.length > 0) strangers.push(`a checkpoint of ${quote(origin)} that no key in log.pub has signed`)
  }
  return { source, checkpoints, strangers }
}

function open(note: string, verifier: LogVerifier): SignedCheckpoint | undefined {
  if (!isSignedWith(note, verifier)) return undefined
  try {
    return { ...openCheckpoint(note, verifier), note, log: `${verifier.name}+${verifier.hash.toString('hex')}` }
  } catch (error) {
    if (error instanceof Fault && error.code === 'log-invalid') return undefined
    throw error
  }
}

/** The notes in a file. */
export function readNotes(text: string): string[] {
  if (!/^\s*\{/.test(text)) return splitNotes(text)
  const { logs }: { logs?: unknown } = parse(text)
  const entries = Array.isArray(logs) ? logs.flatMap(log => Object(log).checkpoints ?? []) : []
  return entries.map(entry => Object(entry).note).filter(note => typeof note === 'string')
}

/**
 * Signed notes one after the other: lines of text, an empty one, lines of signatures. Line by line:
 * a partner's file may be long, and hold anything.
 */
function splitNotes(text: string): string[] {
  const lines = text.split('\n').slice(0, -1)
  const notes: string[] = []
  for (let first = 0, end = 0; end < lines.length; end++) {
    if (lines[end] !== '') continue
    const signatures = end + 1
    while (end + 1 < lines.length && isSignature(lines[end + 1]!)) end++
    if (signatures - 1 > first && end >= signatures) notes.push(`${lines.slice(first, end + 1).join('\n')}\n`)
    first = end + 1
  }
  return notes
}

function isSignature(line: string): boolean {
  return line.startsWith(DASH) && line.length > DASH.length
}

function parse(text: string): object {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}
