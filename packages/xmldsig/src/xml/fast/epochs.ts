// Epochs, by what they stand for: what is in scope, and which declarations are written. Documents
// with the same share the epoch, and what was found out in it.
import type { Declaration } from '../namespaces.ts'

/** The epoch is not determined yet. */
export const UNSETTLED_EPOCH = -1
/** Epochs that are stored, of all documents. */
const MOST_EPOCHS = 4096
/** With more an epoch is not known again: what it stands for takes long to write down. */
const [MOST_BINDINGS, LONGEST_KIND] = [64, 256]

const known = new Map<string, number>()
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
  if (bindings.length > MOST_BINDINGS || kind.length > LONGEST_KIND) return ++epochs
  let key = `${kind};`
  for (let i = 0; i < bindings.length; i++) key += `${isWritten(i) ? ' ' : '-'}${bindings[i]!.id}`
  const found = known.get(key)
  if (found !== undefined) return found
  if (known.size === MOST_EPOCHS) known.clear()
  known.set(key, ++epochs)
  return epochs
}
