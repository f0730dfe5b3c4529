// Filters of a list that somebody keeps under a name, as links; and a way to keep those in force.
import { addressOf, useAddress } from '../address.ts'
import { useId, useRef, useState } from '../preact.ts'
import { isSameQuery, LONGEST_NAME, removeView, saveView, viewsOf } from '../saved-views.ts'
import { sharedTexts } from '../texts/shared-texts.ts'

/** `names`: of the query, those that are filters of this list. */
export function SavedViews({ names }: { readonly names: readonly string[] }) {
  const texts = sharedTexts()
  const { path, query } = useAddress()
  const [isNaming, setNaming] = useState(false)
  const line = useRef<HTMLElement>(null)
  const given = Object.fromEntries(names.flatMap(name => (query[name] ? [[name, query[name]]] : [])))
  const views = viewsOf(path)
  const current = views.find(view => isSameQuery(view.query, given))
  const isFiltered = Object.keys(given).length > 0
  if (views.length === 0 && !isFiltered) return null
  return (
    <section ref={line} class="views" aria-label={texts.views} tabIndex={-1}>
      {views.map(view => (
        <a
          key={view.name}
          class="chip"
          href={addressOf(path, view.query)}
          {...(view === current && { 'aria-current': 'true' as const })}
        >
          {view.name}
        </a>
      ))}
      {current !== undefined && (
        <button
          type="button"
          class="quiet"
          onClick={() => {
            removeView(path, current.name)
            line.current?.focus()
          }}
        >
          {texts.removeView(current.name)}
        </button>
      )}
      {isFiltered &&
        current === undefined &&
        (isNaming ? (
          <NameForm
            onEnd={name => {
              if (name !== undefined) saveView(path, { name, query: given })
              setNaming(false)
              line.current?.focus()
            }}
          />
        ) : (
          <button type="button" class="quiet" onClick={() => setNaming(true)}>
            {texts.saveView}
          </button>
        ))}
    </section>
  )
}

/** `onEnd`: undefined for nothing. */
function NameForm({ onEnd }: { readonly onEnd: (name: string | undefined) => void }) {
  const texts = sharedTexts()
  const id = useId()
  return (
    <form
      class="naming"
      onSubmit={event => {
        event.preventDefault()
        const name = String(new FormData(event.currentTarget).get('name') ?? '').trim()
        if (name !== '') onEnd(name)
      }}
      onKeyDown={event => event.key === 'Escape' && onEnd(undefined)}
    >
      <label for={id}>{texts.viewName}</label>
      <input id={id} name="name" required maxLength={LONGEST_NAME} autocomplete="off" ref={input => input?.focus()} />
      <button type="submit" class="button">
        {texts.save}
      </button>
      <button type="button" class="quiet" onClick={() => onEnd(undefined)}>
        {texts.cancel}
      </button>
    </form>
  )
}
