// Filters of lists under a name: kept in this browser, and nowhere else.
import { signal } from './preact.ts'
import { readPreference, writePreference } from './preferences.ts'

/** What the address of a list has, under a name. */
export type SavedView = { readonly name: string; readonly query: Readonly<Record<string, string>> }
type Views = Readonly<Record<string, readonly SavedView[]>>

/** Of one list; the oldest makes room. */
const MOST = 12
export const LONGEST_NAME = 40

const views = signal<Views>(readViews())

/** Of the list at this path. */
export function viewsOf(path: string): readonly SavedView[] {
  return views.value[path] ?? []
}

export function allViews(): readonly (SavedView & { readonly path: string })[] {
  return Object.entries(views.value).flatMap(([path, saved]) => saved.map(view => ({ ...view, path })))
}

/** Replaces one of the same name. */
export function saveView(path: string, view: SavedView): void {
  change(path, saved => [...saved.filter(({ name }) => name !== view.name), view].slice(-MOST))
}

export function removeView(path: string, name: string): void {
  change(path, saved => saved.filter(view => view.name !== name))
}

export function isSameQuery(one: SavedView['query'], other: SavedView['query']): boolean {
  const text = (query: SavedView['query']) => JSON.stringify(Object.entries(query).sort())
  return text(one) === text(other)
}

/** Another window may have saved one since. */
function change(path: string, edit: (saved: readonly SavedView[]) => readonly SavedView[]): void {
  const before = readViews()
  views.value = { ...before, [path]: edit(before[path] ?? []) }
  writePreference('views', JSON.stringify(views.value))
}

/** What is no view any more is left out. */
function readViews(): Views {
  try {
    const kept: unknown = JSON.parse(readPreference('views', (text): text is string => true) ?? '{}')
    return Object.fromEntries(
      Object.entries(Object(kept)).flatMap(([path, saved]) =>
        path.startsWith('/') && Array.isArray(saved) ? [[path, saved.filter(isView).slice(-MOST)]] : [],
      ),
    )
  } catch {
    return {}
  }
}

function isView(value: unknown): value is SavedView {
  const { name, query } = Object(value) as Partial<SavedView>
  return (
    typeof name === 'string' &&
    name.length <= LONGEST_NAME &&
    typeof query === 'object' &&
    query !== null &&
    Object.values(query).every(part => typeof part === 'string')
  )
}
