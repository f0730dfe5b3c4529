// Help: each fault code, what it means and what to do.
import { useAsked } from '../api/use-asked.ts'
import type { PageProps } from '../page.ts'
import { Filters } from '../parts/filters.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { Table } from '../parts/table.tsx'
import { sharedTexts } from '../texts/shared-texts.ts'
import { faultInWords } from './fault-in-words.ts'
import { helpTexts } from './help-texts.ts'

export function HelpPage({ query: { q = '' } }: PageProps) {
  const texts = helpTexts()
  const { answer, refusal, again } = useAsked('GET /api/v1/faults', {})
  const words = q.toLowerCase().split(/\s+/)
  const known = answer?.data.map(row => ({ ...row, ...faultInWords(row.code, row) }))
  const rows = known?.filter(({ code, sentence, remedy }) => {
    const text = `${code} ${sentence} ${remedy}`.toLowerCase()
    return words.every(word => text.includes(word))
  })
  return (
    <>
      <h1>{texts.title}</h1>
      <p class="lead">{texts.lead}</p>
      <Filters fields={[{ name: 'q', label: texts.filter }]} />
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} />}
      {rows?.length === 0 && <p class="empty">{sharedTexts().noMatch}</p>}
      {rows !== undefined && rows.length > 0 && (
        <Table
          caption={texts.codes}
          rows={rows}
          keyOf={({ code }) => code}
          columns={[
            {
              title: texts.code,
              isNarrow: true,
              cell: ({ code }) => (
                <a class="mono" href={`/help/${code}`}>
                  {code}
                </a>
              ),
            },
            { title: texts.means, cell: ({ sentence }) => sentence },
            { title: texts.remedy, cell: ({ remedy }) => remedy },
          ]}
        />
      )}
    </>
  )
}

export function FaultPage({ params: { code = '' } }: PageProps) {
  const texts = helpTexts()
  const { answer, refusal, again } = useAsked('GET /api/v1/faults/{code}', { path: { code } })
  const words = answer && faultInWords(code, answer)
  const query = `code=${encodeURIComponent(code)}`
  return (
    <>
      <h1 class="mono">{code}</h1>
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} />}
      {words !== undefined && (
        <>
          <p class="lead">{words.sentence}</p>
          <h2>{texts.remedy}</h2>
          <p>{words.remedy}</p>
          <ul class="ways">
            <li>
              <a href={`/documents/refused?${query}`}>{texts.here}</a>
            </li>
            <li>
              <a href={`/connections?${query}`}>{texts.connections}</a>
            </li>
            <li>
              <a href={`/deliveries?${query}`}>{texts.deliveries}</a>
            </li>
          </ul>
        </>
      )}
      <p class="beside">
        <a href="/help">{texts.all}</a>
      </p>
    </>
  )
}
