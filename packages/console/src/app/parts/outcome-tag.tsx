// What became of a document or a try: a word, a shape and a colour.
import { sharedTexts } from '../texts/shared-texts.ts'

const kinds: Readonly<Record<string, 'accepted' | 'refused' | 'waiting'>> = {
  accepted: 'accepted',
  replayed: 'accepted',
  taken: 'accepted',
  delivered: 'accepted',
  refused: 'refused',
  conflict: 'refused',
  omitted: 'refused',
  failed: 'refused',
  'given-up': 'refused',
  lost: 'refused',
  expired: 'refused',
  cancelled: 'refused',
  postponed: 'waiting',
  queued: 'waiting',
}

export function OutcomeTag({ outcome }: { readonly outcome: string }) {
  return <span class={`tag ${kinds[outcome] ?? ''}`}>{sharedTexts().outcomes[outcome] ?? outcome}</span>
}
