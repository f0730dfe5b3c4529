// Epochs, by what they stand for: what is in scope, and which declarations are written. Documents
// with the same share the epoch, and what was found out in it.
import { type Declaration, HASH_SEED } from '../namespaces.ts'

/** The epoch is not determined yet. */
export const UNSETTLED_EPOCH = -1
/** Epochs that are stored, of all documents. */
const MOST_EPOCHS = 4096
/** With more an epoch is not known again: what it stands for takes long to compare. */
const [MOST_BINDINGS, LONGEST_KIND] = [64, 256]
/** FNV-1a. */
const PRIME = 0x01000193

type KnownEpoch = { readonly epoch: number; readonly kind: string; readonly parts: readonly number[] }

/** By hash; of two with one hash the later is stored. */
const known = new Map<number, KnownEpoch>()
/** Of each binding under way its declaration, and whether that is written. */
const parts: number[] = Array.from({ length: MOST_BINDINGS }, () => 0)
let epochs = 0

/**
 * The epoch of these bindings, of which `isWritten` names the written ones, for a reader of this
 * `kind`: its plans depend on nothing else.
 */
export function epochOf(
  kind: string,
  bindings: readonly Declaration[],
  isWritten: (binding: number) => boolean,
): number {
  const { length } = bindings
  if (length > MOST_BINDINGS || kind.length > LONGEST_KIND) return ++epochs
  let hash = HASH_SEED
  for (let i = 0; i < kind.length; i++) hash = Math.imul(hash ^ kind.charCodeAt(i), PRIME)
  for (let i = 0; i < length; i++) {
    const part = 2 * bindings[i]!.id + (isWritten(i) ? 1 : 0)
    parts[i] = part
    hash = Math.imul(hash ^ part, PRIME)
  }
  const found = known.get(hash)
  if (found !== undefined && found.kind === kind && isUnderWay(found.parts, length)) return found.epoch
  if (known.size === MOST_EPOCHS) known.clear()
  known.set(hash, { epoch: ++epochs, kind, parts: parts.slice(0, length) })
  return epochs
}

function isUnderWay(others: readonly number[], length: number): boolean {
  if (others.length !== length) return false
  for (let i = 0; i < length; i++) if (others[i] !== parts[i]) return false
  return true
}
