// The state of a partner in a word.
import { partnerTexts } from './partner-texts.ts'

export function PartnerTag({ state }: { readonly state: string | undefined }) {
  const texts = partnerTexts()
  if (state === undefined) return <span class="tag">{texts.noRecord}</span>
  return <span class={`tag ${state === 'active' ? 'accepted' : 'refused'}`}>{texts.states[state] ?? state}</span>
}
