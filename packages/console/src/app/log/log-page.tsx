// The log, the newest entries first, under its signed head.
import type { LiveFact } from '../api/live.ts'
import { useAsked } from '../api/use-asked.ts'
import { List, type RowOf } from '../parts/table.tsx'
import { DayTime, DigestText, FactList } from '../parts/values.tsx'
import { formatCount } from '../texts/formats.ts'
import { LogTabs } from './log-tabs.tsx'
import { kindOfEvent, logTexts } from './log-texts.ts'
import { readCheckpointText } from './read-checkpoint.ts'

type Entry = RowOf<'GET /api/v1/log'>

export function LogPage() {
  const texts = logTexts()
  const { answer } = useAsked('GET /api/v1/log/checkpoint', {}, { every: 15_000 })
  const head = readCheckpointText(answer)
  return (
    <>
      <h1>{texts.title}</h1>
      <LogTabs />
      <p class="lead">{texts.lead}</p>
      {head !== undefined && (
        <section class="checkpoint" aria-labelledby="head">
          <h2 id="head">{texts.head}</h2>
          <FactList
            rows={[
              [texts.size, formatCount(head.size)],
              [texts.root, <DigestText hex={head.root} />],
              [texts.signer, head.signers.join(', ')],
            ]}
          />
          <details>
            <summary>{texts.whatIsSigned}</summary>
            <pre class="mono">{answer}</pre>
          </details>
        </section>
      )}
      <List
        route="GET /api/v1/log"
        caption={texts.caption}
        columns={[
          {
            title: texts.index,
            isNarrow: true,
            cell: ({ index }) => (
              <a class="number" href={`/log/${index}`}>
                {formatCount(index)}
              </a>
            ),
          },
          { title: texts.time, isNarrow: true, cell: ({ event }) => event && <DayTime at={String(event.at)} /> },
          { title: texts.kind, isNarrow: true, cell: ({ event }) => <KindTag type={typeOf(event)} /> },
          { title: texts.about, cell: ({ event }) => aboutOf(event) },
        ]}
        keyOf={({ index }) => index}
        isNew={(fact: LiveFact) => fact.kind === 'document' || fact.kind === 'refusal'}
        empty={<p>{texts.empty}</p>}
      />
    </>
  )
}

export function KindTag({ type }: { readonly type: string }) {
  return <span class={`tag ${kindOfEvent(type)}`}>{logTexts().kinds[type] ?? type}</span>
}

export function typeOf(event: Entry['event']): string {
  return String(event?.type ?? 'erased')
}

/** The fields that say most, whatever the kind of the entry. */
function aboutOf(event: Entry['event']): string {
  const { sender, document, code, action, subject, by, version, count } = event ?? {}
  return [sender, document, code, action, subject, by, version, count]
    .filter(value => value !== undefined && value !== null && value !== '')
    .map(String)
    .join(' · ')
}
