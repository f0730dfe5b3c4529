// All payloads of `bench verify`, `bench sign` and `bench profile`, by name.
import { payloads } from '../payloads.ts'
import { furtherTraits } from './further-shapes.ts'
import { heldOutMessages } from './held-out-messages.ts'
import { heldOutShapes } from './held-out-shapes.ts'
import { messages } from './messages.ts'
import { makeRandomShape } from './random-shape.ts'
import { repeatLines, traits } from './shapes.ts'
import type { NamedPayload } from './signed-file.ts'

export const ownPayloads: readonly NamedPayload[] = Object.entries(payloads).map(([name, write]) => ({ name, write }))

export function listPayloads(seed: number): NamedPayload[] {
  const random = { [`random shape, seed ${seed}`]: makeRandomShape(seed) }
  const shapes = { ...traits, ...furtherTraits, ...heldOutShapes, ...heldOutMessages, ...messages, ...random }
  return [...ownPayloads, ...Object.entries(shapes).map(([name, shape]) => ({ name, write: repeatLines(shape) }))]
}
