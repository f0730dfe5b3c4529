// Fields of a thing before and after an act on it.
import { Table } from '../parts/table.tsx'
import { auditTexts } from './audit-texts.ts'
import { showChanged } from './read-record.ts'

export type FieldChange = { readonly path: string; readonly before: unknown; readonly after: unknown }

export function ChangeTable({
  caption,
  changes,
}: {
  readonly caption: string
  readonly changes: readonly FieldChange[]
}) {
  const texts = auditTexts()
  const value = (of: unknown) => {
    const text = showChanged(of)
    return text === undefined ? <span class="muted">{texts.nothing}</span> : <pre class="value">{text}</pre>
  }
  return (
    <Table
      caption={caption}
      rows={changes}
      keyOf={({ path }) => path}
      columns={[
        { title: texts.field, isNarrow: true, cell: ({ path }) => <span class="mono">{path}</span> },
        { title: texts.before, cell: ({ before }) => value(before) },
        { title: texts.after, cell: ({ after }) => value(after) },
      ]}
    />
  )
}
