// The header: which gateway this is, whether all is well, search, and what somebody prefers.
import { gatewayState } from './gateway-state.ts'
import { CommandPalette } from './palette/command-palette.tsx'
import { KeysDialog, paletteKeys } from './palette/keys-dialog.tsx'
import { openDialog, useKeys } from './palette/open-dialog.ts'
import { paletteTexts } from './palette/palette-texts.ts'
import { Choice } from './parts/choice.tsx'
import { Icon } from './parts/icon.tsx'
import { useCallback, useLocation, useRef } from './preact.ts'
import { densities, density, shortcuts, theme, themes, zone, zones } from './preferences.ts'
import { logOut, me } from './session.ts'
import { chooseLanguage, language, languages } from './texts/languages.ts'
import { sharedTexts } from './texts/shared-texts.ts'

export function Header() {
  const texts = sharedTexts()
  return (
    <header class="header">
      <a class="gateway" href="/">
        <Mark />
        <span class="id">{me.value?.gateway.id ?? texts.product}</span>
      </a>
      <StateInAWord />
      <SearchBox />
      <PaletteButton />
      <Menu />
      {openDialog.value === 'palette' && <CommandPalette />}
      {openDialog.value === 'keys' && <KeysDialog />}
    </header>
  )
}

/** The river and its seal, small. */
function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path class="river" d="M4 21V13m6 8V8m6 13V5m6 16v-9m6 9v-6" />
      <path class="seal" d="M4 27h24" />
    </svg>
  )
}

function StateInAWord() {
  const texts = sharedTexts()
  const { needs } = gatewayState.value
  if (needs === undefined) return <span class="state" />
  return (
    <a class={needs.length === 0 ? 'state well' : 'state needs'} href="/">
      <span aria-hidden="true">{needs.length === 0 ? '●' : '▲'}</span>{' '}
      {needs.length === 0 ? texts.wellShort : texts.needsShort(needs.length)}
    </a>
  )
}

function SearchBox() {
  const texts = sharedTexts()
  const { route, query, path } = useLocation()
  const input = useRef<HTMLInputElement>(null)
  const toSearch = useCallback(() => {
    input.current?.focus()
    input.current?.select()
  }, [])
  useKeys(toSearch)
  return (
    <search class="search">
      <form
        onSubmit={event => {
          event.preventDefault()
          const text = input.current?.value.trim() ?? ''
          if (text !== '') route(`/search?${new URLSearchParams({ q: text })}`)
        }}
      >
        <label class="unseen" for="search">
          {texts.search}
        </label>
        <Icon name="search" />
        <input
          ref={input}
          id="search"
          type="search"
          placeholder={texts.searchHint}
          title={texts.searchKey}
          maxLength={256}
          autocomplete="off"
          spellcheck={false}
          value={path === '/search' ? (query.q ?? '') : ''}
        />
        <kbd class="hint">/</kbd>
      </form>
    </search>
  )
}

function PaletteButton() {
  const texts = paletteTexts()
  return (
    <button
      type="button"
      class="to-palette"
      onClick={() => {
        openDialog.value = 'palette'
      }}
    >
      <Icon name="command" />
      <span class="what">{texts.open}</span>
      <kbd>{paletteKeys}</kbd>
    </button>
  )
}

function Menu() {
  const texts = sharedTexts()
  const own = me.value
  return (
    <details class="menu">
      <summary>
        <Icon name="menu" />
        <span class="who">{own === undefined ? texts.menu : own.id}</span>
      </summary>
      <div class="menu-body">
        {own !== undefined && (
          <p class="muted">
            {own.id}, {texts.roles[own.role] ?? own.role}
          </p>
        )}
        <Choice
          label={texts.language}
          value={language.value}
          options={languages}
          onChoose={value => chooseLanguage(value)}
        />
        <Choice label={texts.theme} value={theme.value} options={pick(themes, texts.themes)} onChoose={set(theme)} />
        <Choice
          label={texts.density}
          value={density.value}
          options={pick(densities, texts.densities)}
          onChoose={set(density)}
        />
        <Choice label={texts.zone} value={zone.value} options={pick(zones, texts.zones)} onChoose={set(zone)} />
        <label class="tick">
          <input
            type="checkbox"
            checked={shortcuts.value}
            onChange={({ currentTarget }) => {
              shortcuts.value = currentTarget.checked
            }}
          />
          {texts.keys}
        </label>
        <button type="button" class="button" onClick={() => void logOut()}>
          {texts.logOut}
        </button>
      </div>
    </details>
  )
}

function pick<Name extends string>(names: readonly Name[], texts: Readonly<Record<Name, string>>) {
  return Object.fromEntries(names.map(name => [name, texts[name]])) as Readonly<Record<Name, string>>
}

function set<Value>(target: { value: Value }) {
  return (value: Value) => {
    target.value = value
  }
}
