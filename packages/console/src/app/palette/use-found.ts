// What the gateway finds for a text in the palette, asked for after a pause in typing.
import { useAsked } from '../api/use-asked.ts'
import { pageOfFact } from '../documents/fact-links.ts'
import { useEffect, useState } from '../preact.ts'
import { formatTime } from '../texts/formats.ts'
import { sharedTexts } from '../texts/shared-texts.ts'
import type { PaletteEntry } from './palette-entries.ts'

/** Milliseconds of a pause. */
const PAUSE = 200
const SHORTEST = 3
const MOST = 5

export function useFound(text: string): readonly PaletteEntry[] {
  const { outcomes } = sharedTexts()
  const [asked, setAsked] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text), PAUSE)
    return () => clearTimeout(timer)
  }, [text])
  const isWanted = asked.length >= SHORTEST
  const { answer } = useAsked('GET /api/v1/search', { query: { q: asked } }, { isWanted })
  if (!isWanted || asked !== text || answer === undefined) return []
  const facts = new Map(answer.results.flatMap(({ data }) => data).map(fact => [fact.id, fact]))
  return [...facts.values()].slice(0, MOST).flatMap(fact => {
    const to = pageOfFact(fact)
    if (to === undefined) return []
    const { id, document, partner, outcome, at } = fact
    const title = [document ?? fact.code, partner, outcomes[outcome] ?? outcome, formatTime(new Date(at))]
    return [{ id: `found ${id}`, kind: 'found', title: title.filter(part => part).join(' · '), to }] as const
  })
}
