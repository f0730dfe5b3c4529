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
  const [waiting, setWaiting] = useState(0)
  const refetch = () => {
    documents.again()
    refusals.again()
  }
  useFacts(facts => {
    const shown = facts.filter(({ kind }) => kind === 'document' || kind === 'refusal')
    if (shown.length === 0) return
    // No row beyond those that the page shows is made: what is more is a number.
    setFresh(before => [...shown.slice(-ROWS).reverse(), ...before].slice(0, ROWS))
    if (held !== undefined) setWaiting(before => before + shown.length)
  }, refetch)
  const all = latestOf([...fresh, ...(documents.answer?.data ?? []), ...(refusals.answer?.data ?? [])])
  const shown = held ?? all
  const holdAt = (rows: readonly LiveFact[] | undefined) => {
    setHeld(rows)
    setWaiting(0)
  }
  const hold = () => held === undefined && holdAt(all)
  const release = () => holdAt(undefined)
  return (
    <section class="latest" aria-labelledby="latest">
      <div class="over">
        <h2 id="latest">{texts.latest}</h2>
        {waiting > 0 && (
          <button type="button" class="chip" onClick={() => holdAt(all)}>
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
