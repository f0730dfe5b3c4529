// Documents that were accepted, or refused: over time, by filters, and as they come.

import { addressOf, useAddress } from '../address.ts'
import type { LiveFact } from '../api/live.ts'
import { Command } from '../parts/command.tsx'
import { Filters } from '../parts/filters.tsx'
import { List } from '../parts/table.tsx'
import { documentColumns } from './document-columns.tsx'
import { documentTexts } from './document-texts.ts'
import { Histogram } from './histogram.tsx'

/** What both lists are narrowed by, and what goes with one from one to the other. */
const shared = ['partner', 'document', 'from', 'to'] as const

export function AcceptedPage() {
  const texts = documentTexts()
  return (
    <>
      <Head isRefused={false} />
      <List
        route="GET /api/v1/documents"
        filters={[...shared, 'outcome', 'sha256', 'certificate', 'request', 'address']}
        caption={texts.captionAccepted}
        columns={documentColumns({ hasDays: true })}
        keyOf={({ id }) => id}
        isNew={useIsNew('document')}
        empty={
          <>
            <p>{texts.emptyAccepted}</p>
            <Command text="pnpm --filter sender send sample_document.xml" />
          </>
        }
      />
    </>
  )
}

export function RefusedPage() {
  const texts = documentTexts()
  return (
    <>
      <Head isRefused={true} />
      <List
        route="GET /api/v1/refusals"
        filters={[...shared, 'code', 'outcome', 'sha256', 'certificate', 'request', 'address']}
        caption={texts.captionRefused}
        columns={documentColumns({ hasDays: true })}
        keyOf={({ id }) => id}
        isNew={useIsNew('refusal')}
        empty={<p>{texts.emptyRefused}</p>}
      />
    </>
  )
}

function Head({ isRefused }: { readonly isRefused: boolean }) {
  const texts = documentTexts()
  const { query } = useAddress()
  const kept = Object.fromEntries(shared.map(name => [name, query[name]]))
  return (
    <>
      <h1>{texts.title}</h1>
      <nav class="switch" aria-label={texts.which}>
        <a href={addressOf('/documents', kept)} {...(!isRefused && { 'aria-current': 'page' })}>
          {texts.accepted}
        </a>
        <a href={addressOf('/documents/refused', kept)} {...(isRefused && { 'aria-current': 'page' })}>
          {texts.refused}
        </a>
      </nav>
      <Filters
        fields={[
          { name: 'partner', label: texts.partner },
          { name: 'document', label: texts.id },
          ...(isRefused ? [{ name: 'code', label: texts.code }] : []),
          { name: 'from', label: texts.from, isTime: true },
          { name: 'to', label: texts.to, isTime: true },
        ]}
      />
      <Histogram />
    </>
  )
}

/** Of what is filtered by values that a fact carries; a span that has ended gets nothing new. */
function useIsNew(kind: LiveFact['kind']) {
  const { query } = useAddress()
  return (fact: LiveFact) =>
    fact.kind === kind &&
    query.to === undefined &&
    (['partner', 'document', 'code', 'outcome'] as const).every(name => !query[name] || query[name] === fact[name])
}
