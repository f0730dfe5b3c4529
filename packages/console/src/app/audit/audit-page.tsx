// The audit trail: who did what, when, why, and with what outcome.
import { Filters } from '../parts/filters.tsx'
import { type Column, List, type RowOf } from '../parts/table.tsx'
import { DayTime } from '../parts/values.tsx'
import { AuditTag } from './audit-tag.tsx'
import { auditTexts } from './audit-texts.ts'
import { readAuditRecord } from './read-record.ts'

type Row = RowOf<'GET /api/v1/audit'>

export function AuditPage() {
  const texts = auditTexts()
  const read = ({ record }: Row) => readAuditRecord(record)
  const columns: readonly Column<Row>[] = [
    { title: texts.time, isNarrow: true, cell: row => <DayTime at={read(row).at} /> },
    { title: texts.action, cell: row => <a href={`/audit/${row.number}`}>{read(row).action}</a> },
    {
      title: texts.on,
      cell: row => {
        const { kind, id } = read(row).on
        return `${kind} ${id}`
      },
    },
    { title: texts.who, cell: row => read(row).actor.id },
    { title: texts.outcome, isNarrow: true, cell: row => <AuditTag outcome={read(row).outcome} /> },
    { title: texts.why, cell: row => read(row).why || read(row).reason.code },
    { title: texts.number, isEnd: true, cell: ({ number }) => number },
  ]
  return (
    <>
      <h1>{texts.title}</h1>
      <p class="lead">{texts.lead}</p>
      <Filters
        fields={[
          { name: 'action', label: texts.actionFilter },
          { name: 'who', label: texts.who },
          { name: 'on', label: texts.onFilter },
          { name: 'outcome', label: texts.outcome, options: { '': texts.any, ...texts.outcomes } },
          { name: 'from', label: texts.fromFilter, isTime: true },
          { name: 'to', label: texts.toFilter, isTime: true },
        ]}
      />
      <List
        route="GET /api/v1/audit"
        filters={['action', 'who', 'on', 'outcome', 'from', 'to']}
        caption={texts.caption}
        columns={columns}
        keyOf={({ number }) => number}
        empty={<p>{texts.empty}</p>}
      />
    </>
  )
}
