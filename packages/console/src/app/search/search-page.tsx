// What is known of a text or a file. "Never seen" is an answer, too.
import { digestOctets, hexOf } from '../../verifier/octets.ts'
import { useAsked } from '../api/use-asked.ts'
import { documentColumns } from '../documents/document-columns.tsx'
import type { PageProps } from '../page.ts'
import { DropZone } from '../parts/drop-zone.tsx'
import { RefusalNotice } from '../parts/refusal-notice.tsx'
import { Table } from '../parts/table.tsx'
import { useLocation } from '../preact.ts'
import { searchTexts } from './search-texts.ts'

export function SearchPage({ query: { q = '' } }: PageProps) {
  const texts = searchTexts()
  const { route } = useLocation()
  const { answer, refusal, isSlow, again } = useAsked('GET /api/v1/search', { query: { q } }, { isWanted: q !== '' })
  const facts = answer?.results.reduce((sum, { data }) => sum + data.length, 0) ?? 0
  const take = async ([file]: readonly { readonly octets: Uint8Array<ArrayBuffer> }[]) => {
    if (file !== undefined) route(`/search?${new URLSearchParams({ q: hexOf(await digestOctets(file.octets)) })}`)
  }
  return (
    <>
      <h1>{q === '' || answer === undefined ? texts.title : facts === 0 ? texts.never(q) : texts.found(q, facts)}</h1>
      {refusal !== undefined && <RefusalNotice refusal={refusal} again={again} />}
      {answer !== undefined && facts === 0 && q !== '' && <p class="lead">{texts.neverHow}</p>}
      {q !== '' &&
        answer?.results.map(({ as, data }) => (
          <section key={as} class="section" aria-labelledby={`as-${as}`}>
            <h2 id={`as-${as}`}>{texts.as[as] ?? as}</h2>
            {as === 'partner' && (
              <p>
                <a href={`/partners/${encodeURIComponent(q.trim())}`}>{texts.partner(q.trim())}</a>
              </p>
            )}
            <Table
              caption={texts.caption}
              columns={documentColumns({ hasDays: true })}
              rows={data}
              keyOf={({ id }) => id}
              isSlow={isSlow}
            />
          </section>
        ))}
      <section class="section">
        {q === '' && <p class="lead">{texts.ask}</p>}
        <DropZone label={texts.file} hint={texts.fileHow} onFiles={files => void take(files)} />
      </section>
    </>
  )
}
