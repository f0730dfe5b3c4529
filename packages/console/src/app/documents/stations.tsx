// The way of a document as eight stations: passed, failed with what was expected and found, or not
// reached.
import type { AnswerOf } from '../api/client.ts'
import type { LiveFact } from '../api/live.ts'
import { faultInWords } from '../help/fault-in-words.ts'
import type { ComponentChildren } from '../preact.ts'
import { formatCount, formatDuration } from '../texts/formats.ts'
import { pathTexts } from './path-texts.ts'

const stations = ['connection', 'form', 'signature', 'addressee', 'replay', 'time', 'kept', 'receipt'] as const
type Station = (typeof stations)[number]
type Explanation = NonNullable<AnswerOf<'GET /api/v1/refusals/{id}'>['explanation']>

/** At which station each check of the receiver is made. */
const places: Readonly<Record<string, Station>> = {
  connection: 'connection',
  certificate: 'connection',
  share: 'connection',
  request: 'connection',
  form: 'form',
  signature: 'signature',
  envelope: 'addressee',
  addressee: 'addressee',
  replay: 'replay',
  time: 'time',
  'second opinion': 'kept',
  storage: 'kept',
  receipt: 'receipt',
}

/** What the refusal means and what to do, in the language in force. */
export function explanationInWords(code: string, { meaning, remedy }: Explanation) {
  const words = faultInWords(code, { sentence: meaning, remedy })
  return { meaning: words.sentence, remedy: words.remedy }
}

type PathProps = { readonly fact: LiveFact | null; readonly explanation?: Explanation | null }

export function DocumentPath({ fact, explanation }: PathProps) {
  const texts = pathTexts()
  const failed = explanation == null ? stations.length : stations.indexOf(places[explanation.check] ?? 'connection')
  return (
    <ol class="stations">
      {stations.map((station, i) => {
        const state = i < failed ? 'passed' : i === failed ? 'failed' : 'unreached'
        return (
          <li key={station} class={`station ${state}`}>
            <span class="dot" aria-hidden="true" />
            <div>
              <h3>
                {texts.stations[station]}
                <span class="station-state">{texts.states[state]}</span>
              </h3>
              {state === 'passed' && <Passed station={station} fact={fact} />}
              {state === 'failed' && explanation != null && (
                <Failed code={fact?.code ?? ''} explanation={explanation} />
              )}
            </div>
            <span class="took number">{state === 'passed' && timeOf(station, fact)}</span>
          </li>
        )
      })}
    </ol>
  )
}

/** Where the receiver measures several stations as one, the last of them has the time. */
function timeOf(station: Station, fact: LiveFact | null): string {
  const times: Readonly<Partial<Record<Station, number | null | undefined>>> = {
    form: fact?.receiveTime,
    signature: fact?.verifyTime,
    time: fact?.decideTime,
    kept: fact?.commitTime,
  }
  const time = times[station]
  return time == null ? '' : formatDuration(time)
}

function Passed({ station, fact }: { readonly station: Station; readonly fact: LiveFact | null }) {
  const texts = pathTexts()
  const said: Readonly<Partial<Record<Station, readonly (string | null | undefined)[]>>> = {
    connection: [fact?.tlsVersion, fact?.group, fact?.cipher],
    form: [fact?.canonicalBytes == null ? null : texts.canonical(formatCount(fact.canonicalBytes))],
    signature: [fact?.signatureAlgorithm, fact?.digestAlgorithm].map(shortName),
    replay: [fact?.outcome === 'replayed' ? texts.replayed : null],
    kept: [fact?.index == null ? null : texts.entry(formatCount(fact.index))],
  }
  const text = (said[station] ?? []).filter(part => part).join(', ')
  return text === '' ? null : <p>{text}</p>
}

/** Identifiers of algorithms are URIs, which differ after the last `#` or `/`. */
function shortName(identifier: string | null | undefined): string | null {
  return identifier?.split(/[#/]/).at(-1) ?? null
}

function Failed({ code, explanation }: { readonly code: string; readonly explanation: Explanation }) {
  const texts = pathTexts()
  const { expected, found } = explanation
  const { meaning, remedy } = explanationInWords(code, explanation)
  return (
    <div class="failed">
      <p>{meaning}</p>
      <dl class="expected-found">
        <dt>{texts.expected}</dt>
        <dd class="mono" lang="en">
          <Differing text={expected} other={found} />
        </dd>
        <dt>{texts.found}</dt>
        <dd class="mono" lang="en">
          <Differing text={found} other={expected} />
        </dd>
      </dl>
      <p>
        <strong>{texts.remedy}</strong> {remedy}
      </p>
    </div>
  )
}

/** What differs, by weight and underline; of two texts with little in common all is plain. */
function Differing({ text, other }: { readonly text: string; readonly other: string }): ComponentChildren {
  let start = 0
  while (start < Math.min(text.length, other.length) && text[start] === other[start]) start++
  let end = 0
  while (end < Math.min(text.length, other.length) - start && text.at(-1 - end) === other.at(-1 - end)) end++
  if (start + end < Math.max(text.length, other.length) / 3) return text
  return (
    <>
      {text.slice(0, start)}
      <b class="differs">{text.slice(start, text.length - end)}</b>
      {text.slice(text.length - end)}
    </>
  )
}
