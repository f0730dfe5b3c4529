// Filters, pages and ranges of time stand in the address: Back, reload and a link keep them.
import { useLocation } from './preact.ts'

type Query = Readonly<Record<string, string>>
/** Undefined or empty: without this one. */
type Changes = Readonly<Record<string, string | undefined>>

export function useAddress(): {
  readonly path: string
  readonly query: Query
  /** `replace`: Back skips what was before. */
  readonly change: (changes: Changes, replace?: boolean) => void
} {
  const { path, query, route } = useLocation()
  return {
    path,
    query,
    change: (changes, replace = false) => route(addressOf(path, { ...query, ...changes }), replace),
  }
}

export function addressOf(path: string, query: Changes): string {
  const given = Object.entries(query).filter(
    (pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '',
  )
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`
}

/** The part of a link to a page of a list, as the API gives it, that the address keeps. */
export function cursorOf(link: string | null): { readonly after?: string; readonly before?: string } | undefined {
  if (link === null) return undefined
  const parameters = new URL(link, location.origin).searchParams
  const after = parameters.get('after')
  const before = parameters.get('before')
  return { ...(after !== null && { after }), ...(before !== null && { before }) }
}
