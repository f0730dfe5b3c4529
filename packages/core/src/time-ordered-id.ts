// Ids in the order of time (UUID version 7, RFC 9562 5.7): an index over them grows at its end,
// where each random id changes a page of its own.
import { randomUUID } from 'node:crypto'

/** `now` in milliseconds since 1970; 74 bits are random. */
export function timeOrderedId(now: number = Date.now()): string {
  const time = now.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}
