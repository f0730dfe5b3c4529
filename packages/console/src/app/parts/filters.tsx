// The filters of a list: fields whose values stand in the address once they are applied.
import { useAddress } from '../address.ts'
import { useId } from '../preact.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import { SavedViews } from './saved-views.tsx'

type Field = {
  /** Of the query. */
  readonly name: string
  readonly label: string
  /** A list of values, where there are few. */
  readonly options?: Readonly<Record<string, string>>
  /** A time in UTC. */
  readonly isTime?: boolean
}

export function Filters({ fields }: { readonly fields: readonly Field[] }) {
  const texts = sharedTexts()
  const { path, query, change } = useAddress()
  const isFiltered = fields.some(({ name }) => query[name])
  return (
    <>
      <form
        class="filters"
        aria-label={texts.filters}
        onSubmit={event => {
          event.preventDefault()
          const given = new FormData(event.currentTarget)
          const values = fields.map(({ name, isTime }) => {
            const text = String(given.get(name) ?? '').trim()
            return [name, isTime && text !== '' ? new Date(`${text}Z`).toISOString() : text]
          })
          change({ ...Object.fromEntries(values), after: undefined, before: undefined })
        }}
      >
        {fields.map(field => (
          <FilterField key={field.name} field={field} value={query[field.name] ?? ''} />
        ))}
        <button type="submit" class="button">
          {texts.apply}
        </button>
        {isFiltered && <a href={path}>{texts.clear}</a>}
      </form>
      <SavedViews names={fields.map(({ name }) => name)} />
    </>
  )
}

function FilterField({ field: { name, label, options, isTime }, value }: { field: Field; value: string }) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {isTime ? (
        <input
          id={id}
          name={name}
          type="datetime-local"
          step={1}
          value={value.slice(0, 'YYYY-MM-DDTHH:MM:SS'.length)}
        />
      ) : options === undefined ? (
        <input id={id} name={name} value={value} maxLength={256} autocomplete="off" spellcheck={false} />
      ) : (
        <select id={id} name={name} value={value}>
          {Object.entries(options).map(([option, text]) => (
            <option key={option} value={option}>
              {text}
            </option>
          ))}
        </select>
      )}
    </div>
  )
}
