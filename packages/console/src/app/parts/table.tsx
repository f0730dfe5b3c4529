// A table by its columns; and a list of the API, page by page, with its filters in the address.

import { addressOf, cursorOf, useAddress } from '../address.ts'
import type { AnswerOf, Asking, Reading } from '../api/client.ts'
import type { LiveFact } from '../api/live.ts'
import { useAsked } from '../api/use-asked.ts'
import { type ComponentChildren, useEffect } from '../preact.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import { RefusalNotice } from './refusal-notice.tsx'
import { type Fresh, useFresh } from './use-fresh.ts'

export type Column<Row> = {
  readonly title: string
  readonly cell: (row: Row) => ComponentChildren
  /** Numbers stand at the end. */
  readonly isEnd?: boolean
  readonly isNarrow?: boolean
}

type TableProps<Row> = {
  /** For those who do not see where the table stands. */
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string | number
  readonly isSlow?: boolean
}

export function Table<Row>({ caption, columns, rows, keyOf, isSlow = false }: TableProps<Row>) {
  const classOf = ({ isEnd, isNarrow }: Column<Row>) => (isEnd ? 'end' : isNarrow ? 'nowrap' : undefined)
  return (
    <table class={isSlow ? 'table folds slow' : 'table folds'} aria-busy={isSlow}>
      <caption>
        <span class="unseen">{caption}</span>
      </caption>
      <thead>
        <tr>
          {columns.map(column => (
            <th key={column.title} scope="col" class={classOf(column)}>
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(row => (
          <tr key={keyOf(row)}>
            {columns.map(column => (
              <td key={column.title} class={classOf(column)} data-label={column.title}>
                <span>{column.cell(row)}</span>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Lists of the API that come page by page. */
type ListRoute = {
  [Name in Reading]: AnswerOf<Name> extends { readonly data: readonly unknown[]; readonly next: string | null }
    ? Name
    : never
}[Reading]
export type RowOf<Name extends ListRoute> = AnswerOf<Name>['data'][number]

type ListProps<Name extends ListRoute> = Omit<TableProps<RowOf<Name>>, 'rows' | 'isSlow'> & {
  readonly route: Name
  /** Names of the query that are filters of this list, as the address has them. */
  readonly filters?: readonly string[]
  /** Where nothing is there, and no filter is given. */
  readonly empty: ComponentChildren
  /** Rows a page. */
  readonly limit?: number
  /** Facts that are a new row of this list; it follows them. */
  readonly isNew?: (fact: LiveFact) => boolean
  /** Asked for anew whenever it is another number. */
  readonly turn?: number
}

export function List<Name extends ListRoute>(props: ListProps<Name>) {
  const { route, filters = [], empty, limit = 50, isNew, turn = 0, ...table } = props
  const texts = sharedTexts()
  const { path, query } = useAddress()
  const given = Object.fromEntries(
    [...filters, 'after', 'before'].flatMap(name => (query[name] ? [[name, query[name]]] : [])),
  )
  const isFiltered = filters.some(name => query[name])
  const { answer, refusal, at, isSlow, again } = useAsked(route, {
    query: { limit, ...given },
  } as unknown as Asking<Name>)
  const isFirst = !query.after && !query.before
  const fresh = useFresh(fact => isFirst && (isNew?.(fact) ?? false), again)
  useEffect(() => {
    if (turn > 0) again()
  }, [turn, again])
  if (answer === undefined)
    return refusal === undefined ? (
      <p class="muted">{isSlow ? texts.loading : ''}</p>
    ) : (
      <RefusalNotice refusal={refusal} again={again} />
    )
  const { data, next, prev } = answer as {
    readonly data: readonly RowOf<Name>[]
    next: string | null
    prev: string | null
  }
  const isSearchedWhole = (query.before ? prev : next) === null
  const pageAt = (link: string | null) =>
    addressOf(path, { ...query, after: undefined, before: undefined, ...cursorOf(link) })
  return (
    <div {...fresh.holding}>
      <FreshRows fresh={fresh} />
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} since={at} />}
      {data.length === 0 ? (
        isFiltered ? (
          <div class="empty">
            <p>
              {isSearchedWhole ? texts.noMatch : texts.noMatchYet} <a href={path}>{texts.clear}</a>
            </p>
          </div>
        ) : (
          <div class="empty">{empty}</div>
        )
      ) : (
        <Table {...table} rows={data} isSlow={isSlow} />
      )}
      {(next !== null || prev !== null) && (
        <nav class="pages" aria-label={texts.pageLinks}>
          {prev !== null && (
            <>
              <a class="button" href={addressOf(path, { ...query, after: undefined, before: undefined })}>
                {texts.first}
              </a>
              <a class="button" href={pageAt(prev)}>
                {texts.newer}
              </a>
            </>
          )}
          {next !== null && (
            <a class="button" href={pageAt(next)}>
              {texts.older}
            </a>
          )}
        </nav>
      )}
    </div>
  )
}

function FreshRows({ fresh: { count, show } }: { readonly fresh: Fresh }) {
  if (count.value === 0) return null
  return (
    <p>
      <button type="button" class="chip" onClick={show}>
        {sharedTexts().fresh(count.value)}
      </button>
    </p>
  )
}
