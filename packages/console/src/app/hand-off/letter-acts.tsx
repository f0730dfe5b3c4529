// What can be done to a dead letter, by what its answer says of it.
import type { ApiSchemas } from '../api/api-types.ts'
import { actOnApi } from '../api/client.ts'
import { type OfferedAct, obstacleOf } from '../parts/act-buttons.tsx'
import { type Acting, givenReason } from '../parts/acting.tsx'
import { handOffTexts } from './hand-off-texts.ts'

type Letter = ApiSchemas['DeadLetter']

const looks: Readonly<Record<string, string>> = {
  open: 'refused',
  retrying: 'waiting',
  taken: 'accepted',
  discarded: '',
}

export function LetterTag({ state }: { readonly state: string }) {
  return <span class={`tag ${looks[state] ?? ''}`}>{handOffTexts().states[state] ?? state}</span>
}

/** Of one document: an act concerns each target that did not take it. */
export function offerLetterActs(letters: readonly Letter[], acting: Acting): readonly OfferedAct[] {
  const texts = handOffTexts()
  const letter = letters[0]
  if (letter === undefined) return []
  const { index, document } = letter
  const obstacle = (name: string) =>
    letters.map(({ acts }) => obstacleOf(acts, name)).find(found => found !== undefined)
  const targets = letters.map(({ target }) => target).join(', ')
  return [
    {
      verb: texts.retry,
      of: document,
      obstacle: obstacle('retry'),
      begin: () =>
        acting.begin({
          title: texts.retryTitle(document),
          verb: texts.retry,
          lead: (
            <p>
              {texts.retryLead} {texts.allTargets(targets)}
            </p>
          ),
          perform: async (given, key) => {
            const asking = { path: { index }, body: { why: givenReason(given) } }
            await actOnApi('POST /api/v1/dead-letters/{index}/retry', asking, key)
            return texts.retried(document)
          },
        }),
    },
    {
      verb: texts.discard,
      of: document,
      obstacle: obstacle('discard'),
      begin: () =>
        acting.begin({
          title: texts.discardTitle(document),
          verb: texts.discardIt,
          lead: (
            <p>
              {texts.discardLead} {texts.allTargets(targets)}
            </p>
          ),
          perform: async (given, key) => {
            const asking = { path: { index }, body: { why: givenReason(given) } }
            await actOnApi('POST /api/v1/dead-letters/{index}/discard', asking, key)
            return texts.discarded(document)
          },
        }),
    },
  ]
}
