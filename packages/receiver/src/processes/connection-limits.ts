// The part of the receiver's bounds that one of several connection processes has: together they
// allow no more than one process does. What is counted by partner for all of them stays whole.
import type { ReceiverLimits } from '../limits.ts'

/** Of connections and handshakes, whose cost is that of the process that has them. */
const divided = [
  'connections',
  'connectionsOfOne',
  'newcomersOfOne',
  'strangers',
  'strangersOfOne',
  'handshakesPerSecond',
  'handshakesAtOnce',
] as const satisfies (keyof ReceiverLimits)[]

export function limitsOfProcess(limits: ReceiverLimits, count: number): ReceiverLimits {
  const parts = divided.map(name => [name, Math.max(1, Math.floor(limits[name] / count))])
  return { ...limits, ...Object.fromEntries(parts) }
}
