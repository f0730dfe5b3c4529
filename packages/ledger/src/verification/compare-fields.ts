// What an entry of the log says against what is stored: the first difference is a fault that names
// it.
import { Fault, quote } from '@seg/core'

/** Throws the Fault `log-invalid` when one of the fields that are `said` is stored otherwise. */
export function compare(
  what: string,
  index: number,
  said: Readonly<Record<string, unknown>>,
  stored: Readonly<Record<string, unknown>>,
): void {
  for (const [name, value] of Object.entries(said)) {
    if (stored[name] === value) continue
    throw new Fault(
      'log-invalid',
      `entry ${index} and ${what} differ: ${name} is ${show(value)} there and ${show(stored[name])} here`,
    )
  }
}

function show(value: unknown): string {
  return typeof value === 'string' ? quote(value) : String(value)
}
