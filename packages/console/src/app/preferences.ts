// What somebody chose in this browser: nothing of it is data, and all of it may be lost.
import { effect, signal } from './preact.ts'

type Preference = 'language' | 'theme' | 'density' | 'zone' | 'shortcuts' | 'views'

export const themes = ['system', 'light', 'dark'] as const
export const densities = ['comfortable', 'dense'] as const
export const zones = ['utc', 'local'] as const

type Theme = (typeof themes)[number]
type Density = (typeof densities)[number]
type Zone = (typeof zones)[number]

export function readPreference<Value extends string>(
  name: Preference,
  isValue: (text: string) => text is Value,
): Value | undefined {
  try {
    const kept = localStorage.getItem(`seg-${name}`)
    return kept !== null && isValue(kept) ? kept : undefined
  } catch {
    // A browser may keep nothing for us.
    return undefined
  }
}

export function writePreference(name: Preference, value: string): void {
  try {
    localStorage.setItem(`seg-${name}`, value)
  } catch {
    // It counts until the page is closed.
  }
}

function among<Value extends string>(values: readonly Value[]) {
  return (text: string): text is Value => (values as readonly string[]).includes(text)
}

export const theme = signal<Theme>(readPreference('theme', among(themes)) ?? 'system')
export const density = signal<Density>(readPreference('density', among(densities)) ?? 'comfortable')
export const zone = signal<Zone>(readPreference('zone', among(zones)) ?? 'utc')
/** Keys without a modifier can be switched off (WCAG 2.1.4). */
export const shortcuts = signal(readPreference('shortcuts', among(['on', 'off'])) !== 'off')

/** The style sheet reads them from the root. */
export function applyPreferences(): void {
  effect(() => {
    const { dataset } = document.documentElement
    dataset.theme = theme.value
    dataset.density = density.value
  })
  effect(() => writePreference('theme', theme.value))
  effect(() => writePreference('density', density.value))
  effect(() => writePreference('zone', zone.value))
  effect(() => writePreference('shortcuts', shortcuts.value ? 'on' : 'off'))
}
