// Where a page of a list begins, as text that means nothing to others, and is good for its list
// alone.
import { createHash } from 'node:crypto'
import { Fault } from '@seg/core'

type Query = Readonly<Record<string, unknown>>
type Page = { readonly next: number | undefined; readonly prev: number | undefined }
export type Position =
  | { readonly limit: number; readonly after?: number }
  | { readonly limit: number; readonly before: number }

const DEFAULT_LIMIT = 50

/** Throws the Fault `parameter-invalid` for a cursor of another list or filter. */
export function readPosition(path: string, query: Query): Position {
  const { limit = DEFAULT_LIMIT, after, before } = query as { limit?: number; after?: string; before?: string }
  if (after !== undefined && before !== undefined)
    throw new Fault('parameter-invalid', 'expected one of after and before, found both')
  if (before !== undefined) return { limit, before: readCursor(path, query, before) }
  return { limit, ...(after !== undefined && { after: readCursor(path, query, after) }) }
}

/** The paths of the pages beside one. */
export function linksOf(path: string, query: Query, { next, prev }: Page) {
  const link = (name: 'after' | 'before', position: number | undefined) => {
    if (position === undefined) return null
    const parameters = new URLSearchParams()
    for (const [key, value] of Object.entries(filtersOf(query, true))) parameters.set(key, `${value}`)
    parameters.set(name, formatCursor(path, query, position))
    return `${path}?${parameters}`
  }
  return { next: link('after', next), prev: link('before', prev) }
}

function formatCursor(path: string, query: Query, position: number): string {
  return Buffer.from(`${position}.${filterDigest(path, query)}`).toString('base64url')
}

function readCursor(path: string, query: Query, text: string): number {
  const [, position, digest] = /^(\d{1,16})\.([0-9a-f]{12})$/.exec(Buffer.from(text, 'base64url').toString()) ?? []
  if (position === undefined || digest !== filterDigest(path, query) || !Number.isSafeInteger(Number(position)))
    throw new Fault('parameter-invalid', 'expected a cursor of this list and these filters; begin again without one')
  return Number(position)
}

function filterDigest(path: string, query: Query): string {
  const filters = JSON.stringify([path, Object.entries(filtersOf(query, false)).sort()])
  return createHash('sha256').update(filters).digest('hex').slice(0, 12)
}

function filtersOf({ after: _after, before: _before, limit, ...filters }: Query, hasLimit: boolean): Query {
  return hasLimit && limit !== undefined ? { ...filters, limit } : filters
}
