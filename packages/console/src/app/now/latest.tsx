// The latest documents, accepted or refused. While somebody is in the table nothing moves: a chip
// says how many are new.
import { type LiveFact, useFacts } from '../api/live.ts'
import { useAsked } from '../api/use-asked.ts'
import { documentColumns } from '../documents/document-columns.tsx'
import { Table } from '../parts/table.tsx'
import { useState } from '../preact.ts'
import { nowTexts } from './now-texts.ts'

const ROWS = 12

export function Latest() {
  const texts = nowTexts()
  const query = { query: { limit: ROWS } }
  const documents = useAsked('GET /api/v1/documents', query)
  const refusals = useAsked('GET /api/v1/refusals', query)
  const [fresh, setFresh] = useState<readonly LiveFact[]>([])
  const [held, setHeld] = useState<readonly LiveFact[] | undefined>(undefined)
  const refetch = () => {
    documents.again()
    refusals.again()
  }
  useFacts(facts => {
    const shown = facts.filter(({ kind }) => kind === 'document' || kind === 'refusal')
    if (shown.length > 0) setFresh(before => [...shown.toReversed(), ...before].slice(0, 5 * ROWS))
  }, refetch)
  const all = latestOf([...fresh, ...(documents.answer?.data ?? []), ...(refusals.answer?.data ?? [])])
  const shown = held ?? all
  const waiting = held === undefined ? 0 : all.filter(({ id }) => !held.some(row => row.id === id)).length
  const hold = () => setHeld(before => before ?? all)
  const release = () => setHeld(undefined)
  return (
    <section class="latest" aria-labelledby="latest">
      <div class="over">
        <h2 id="latest">{texts.latest}</h2>
        {waiting > 0 && (
          <button type="button" class="chip" onClick={() => setHeld(all)}>
            {texts.fresh(waiting)}
          </button>
        )}
        <a class="quiet" href="/documents">
          {texts.all}
        </a>
      </div>
      <div onPointerEnter={hold} onPointerLeave={release} onFocusIn={hold} onFocusOut={release}>
        <Table caption={texts.latestCaption} columns={documentColumns()} rows={shown} keyOf={({ id }) => id} />
      </div>
    </section>
  )
}

function latestOf(facts: readonly LiveFact[]): readonly LiveFact[] {
  const known = new Map(facts.map(fact => [fact.id, fact]))
  return [...known.values()].sort((a, b) => Number(b.id) - Number(a.id)).slice(0, ROWS)
}
