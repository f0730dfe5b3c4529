// What the command palette offers: pages that the role may see, acts, saved views, and a search.
import { addressOf } from '../address.ts'
import { gatewayTime } from '../api/gateway-clock.ts'
import { usesInWords } from '../certificates/certificate-texts.ts'
import { renewalTexts } from '../certificates/renewal-texts.ts'
import { pages } from '../pages.ts'
import { densities, density, theme, themes, zone, zones } from '../preferences.ts'
import { allViews } from '../saved-views.ts'
import { logOut, mayHere } from '../session.ts'
import { chooseLanguage, type Language, languages } from '../texts/languages.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import { openDialog } from './open-dialog.ts'
import { paletteTexts } from './palette-texts.ts'

export type PaletteEntry = {
  /** Different from that of every other. */
  readonly id: string
  readonly kind: 'page' | 'act' | 'view' | 'found' | 'search'
  readonly title: string
  /** Words that it is found by, too. */
  readonly more?: string
  /** Where it leads. */
  readonly to?: string
  readonly act?: () => void
}

const DAY = 24 * 60 * 60 * 1000

export function paletteEntries(): readonly PaletteEntry[] {
  return [...pageEntries(), ...viewEntries(), ...actEntries()]
}

/** Those with a place in the rail or above another page: an address without a parameter. */
function pageEntries(): readonly PaletteEntry[] {
  return pages
    .filter(({ path, permission }) => !path.includes(':') && mayHere(permission))
    .map(({ path, title }) => ({ id: path, kind: 'page', title: title(), more: path, to: path }))
}

function viewEntries(): readonly PaletteEntry[] {
  return allViews().map(({ path, name, query }) => ({
    ...{ id: `view ${path} ${name}`, kind: 'view', title: name, more: path, to: addressOf(path, query) },
  }))
}

function actEntries(): readonly PaletteEntry[] {
  const texts = paletteTexts()
  const shared = sharedTexts()
  const link = (title: string, to: string, permission: string): readonly PaletteEntry[] =>
    mayHere(permission) ? [{ id: `to ${to.split('?', 1)}`, kind: 'act', title, to }] : []
  const choose = (title: string, act: () => void): PaletteEntry => ({ id: title, kind: 'act', title, act })
  const yesterday = new Date(gatewayTime() - DAY).toISOString()
  return [
    ...link(texts.refusedToday, addressOf('/documents/refused', { from: yesterday }), 'documents.read'),
    ...link(texts.verify, '/evidence', 'documents.read'),
    ...link(texts.addPartner, '/partners/new', 'partners.act'),
    ...link(texts.makeKey, '/settings/api-keys', 'access.act'),
    ...link(renewalTexts().title(usesInWords(['receiver'])), '/certificates/renew/receiver', 'certificates.act'),
    ...link(renewalTexts().revoke, '/certificates/revoke', 'certificates.act'),
    ...link(texts.due, '/certificates', 'certificates.read'),
    choose(texts.keys, () => {
      openDialog.value = 'keys'
    }),
    ...themes.map(name => choose(texts.theme(shared.themes[name]), () => (theme.value = name))),
    ...densities.map(name => choose(texts.density(shared.densities[name]), () => (density.value = name))),
    ...zones.map(name => choose(texts.zone(shared.zones[name]), () => (zone.value = name))),
    ...Object.entries(languages).map(([code, name]) =>
      choose(texts.language(name), () => chooseLanguage(code as Language)),
    ),
    choose(shared.logOut, () => void logOut()),
  ]
}

/** Every word of `text` is in it; what begins with the text comes first. */
export function narrowEntries(entries: readonly PaletteEntry[], text: string): readonly PaletteEntry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const [asked] = words
  if (asked === undefined) return entries
  const found = entries.filter(({ title, more = '' }) => {
    const all = `${title} ${more}`.toLowerCase()
    return words.every(word => all.includes(word))
  })
  const isFirst = ({ title }: PaletteEntry) => title.toLowerCase().startsWith(asked)
  return [...found.filter(isFirst), ...found.filter(entry => !isFirst(entry))]
}
