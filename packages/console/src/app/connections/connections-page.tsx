// Connections that failed before anybody was recognized, and why.
import { Command } from '../parts/command.tsx'
import { Filters } from '../parts/filters.tsx'
import { type Column, List, type RowOf } from '../parts/table.tsx'
import { DayTime, DigestText } from '../parts/values.tsx'
import { formatCount } from '../texts/formats.ts'
import { connectionTexts } from './connection-texts.ts'

type Row = RowOf<'GET /api/v1/connections'>

export function ConnectionsPage() {
  const texts = connectionTexts()
  const columns: readonly Column<Row>[] = [
    { title: texts.time, isNarrow: true, cell: ({ at }) => <DayTime at={at} /> },
    { title: texts.address, isNarrow: true, cell: ({ address }) => <span class="mono">{address}</span> },
    { title: texts.reason, isNarrow: true, cell: ({ code }) => code && <a href={`/help/${code}`}>{code}</a> },
    { title: texts.detail, cell: ({ detail }) => detail },
    { title: texts.certificate, cell: ({ certificate }) => certificate && <DigestText hex={certificate} isShort /> },
    { title: texts.count, isEnd: true, cell: ({ count }) => formatCount(count ?? 1) },
  ]
  return (
    <>
      <h1>{texts.title}</h1>
      <p class="lead">{texts.lead}</p>
      <Filters
        fields={[
          { name: 'address', label: texts.address },
          { name: 'code', label: texts.code },
        ]}
      />
      <List
        route="GET /api/v1/connections"
        filters={['address', 'code', 'from', 'to']}
        caption={texts.caption}
        columns={columns}
        keyOf={({ id }) => id}
        empty={
          <>
            <p>
              {texts.empty} {texts.emptyMore}
            </p>
            <Command text="curl -k https://localhost:8443/" />
          </>
        }
      />
    </>
  )
}
