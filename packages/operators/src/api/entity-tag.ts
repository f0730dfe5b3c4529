// ETag and If-Match (RFC 9110 13.1.1): a change to what somebody has changed meanwhile is refused.
import { createHash } from 'node:crypto'
import { Fault } from '@seg/core'

type Fields = Readonly<Record<string, string | string[] | undefined>>

/** Of what a thing is now, for every role the same. */
export function entityTag(version: unknown): string {
  return `"${createHash('sha256').update(JSON.stringify(version)).digest('hex').slice(0, 32)}"`
}

/** Throws the Fault `version-changed`. */
export function checkEntityTag(headers: Fields, version: unknown): void {
  const wanted = headers['if-match']
  if (wanted === undefined || `${wanted}`.trim() === '*') return
  const tags = `${wanted}`.split(',').map(tag => tag.trim())
  const found = entityTag(version)
  if (!tags.includes(found))
    throw new Fault('version-changed', `expected If-Match to name what is there now, ${found}; nothing was done`)
}
