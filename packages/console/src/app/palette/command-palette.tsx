// The command palette: a list that is narrowed by what somebody types, for the keyboard alone (the
// combobox of the ARIA Authoring Practices Guide).
import { useEffect, useId, useLayoutEffect, useLocation, useRef, useState } from '../preact.ts'
import { closeDialog, onDialogEnd } from './open-dialog.ts'
import { narrowEntries, type PaletteEntry, paletteEntries } from './palette-entries.ts'
import { paletteTexts } from './palette-texts.ts'
import { useFound } from './use-found.ts'

export function CommandPalette() {
  const texts = paletteTexts()
  const { route } = useLocation()
  const id = useId()
  const dialog = useRef<HTMLDialogElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState(0)
  const asked = text.trim()
  const found = useFound(asked)
  const commands = narrowEntries(paletteEntries(), asked)
  const search: readonly PaletteEntry[] =
    asked === ''
      ? []
      : [
          {
            ...{ id: 'search', kind: 'search', title: texts.searchFor(asked) },
            to: `/search?${new URLSearchParams({ q: asked })}`,
          },
        ]
  const entries = [...found, ...commands, ...search]
  const place = Math.min(chosen, entries.length - 1)

  useLayoutEffect(() => dialog.current?.showModal(), [])
  useEffect(() => {
    list.current?.children[place]?.scrollIntoView({ block: 'nearest' })
  }, [place])

  const close = () => closeDialog(dialog.current)
  const perform = ({ to, act }: PaletteEntry) => {
    close()
    if (to !== undefined) route(to)
    act?.()
  }
  const onKey = (event: KeyboardEvent) => {
    const last = entries.length - 1
    if (event.key === 'ArrowDown') setChosen(place >= last ? 0 : place + 1)
    else if (event.key === 'ArrowUp') setChosen(place <= 0 ? last : place - 1)
    else if (event.key === 'PageDown') setChosen(last)
    else if (event.key === 'PageUp') setChosen(0)
    else return
    event.preventDefault()
  }
  const optionId = (entry: PaletteEntry) => `${id}-${entries.indexOf(entry)}`
  const current = entries[place]
  return (
    <dialog
      ref={dialog}
      class="palette"
      aria-label={texts.title}
      onCancel={onDialogEnd}
      onClose={onDialogEnd}
      onKeyDown={onKey}
      onClick={({ target }) => {
        const option = (target as Element).closest('[role="option"]')
        const entry = entries[[...(list.current?.children ?? [])].indexOf(option ?? dialog.current!)]
        if (entry !== undefined) perform(entry)
        // Beside it.
        else if (target === dialog.current) close()
      }}
    >
      <form
        onSubmit={event => {
          event.preventDefault()
          if (current !== undefined) perform(current)
        }}
      >
        <label class="unseen" for={id}>
          {texts.title}
        </label>
        <input
          id={id}
          role="combobox"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          {...(current !== undefined && { 'aria-activedescendant': optionId(current) })}
          placeholder={texts.ask}
          value={text}
          maxLength={256}
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => {
            setText(currentTarget.value)
            setChosen(0)
          }}
        />
      </form>
      <div ref={list} id={`${id}-list`} role="listbox" aria-label={texts.options} tabIndex={-1}>
        {entries.map(entry => (
          <div key={entry.id} id={optionId(entry)} role="option" aria-selected={entry === current} tabIndex={-1}>
            <span class="what">{entry.title}</span> <span class="kind">{texts.kinds[entry.kind]}</span>
          </div>
        ))}
      </div>
      <p class="unseen" role="status">
        {texts.count(entries.length)}
      </p>
    </dialog>
  )
}
