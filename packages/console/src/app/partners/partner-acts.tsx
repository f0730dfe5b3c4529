// What is decided of a partner: to suspend it, to resume it, to remove its record.
import type { ApiSchemas } from '../api/api-types.ts'
import { actOnApi } from '../api/client.ts'
import { type OfferedAct, obstacleOf } from '../parts/act-buttons.tsx'
import { type Acting, givenReason } from '../parts/acting.tsx'
import { partnerTexts } from './partner-texts.ts'

export function partnerActs(
  { id, acts }: ApiSchemas['Partner'],
  acting: Acting,
  onRemoved: () => void,
): readonly OfferedAct[] {
  const texts = partnerTexts()
  const path = { id }
  return [
    {
      verb: texts.suspend,
      of: id,
      obstacle: obstacleOf(acts, 'suspend'),
      begin: () =>
        acting.begin({
          title: texts.suspendTitle(id),
          verb: texts.suspend,
          lead: <p>{texts.suspendLead}</p>,
          perform: async (given, key) => {
            await actOnApi('POST /api/v1/partners/{id}/suspend', { path, body: { why: givenReason(given) } }, key)
            return texts.suspended(id)
          },
        }),
    },
    {
      verb: texts.resume,
      of: id,
      obstacle: obstacleOf(acts, 'resume'),
      begin: () =>
        acting.begin({
          title: texts.resumeTitle(id),
          verb: texts.resume,
          lead: <p>{texts.resumeLead}</p>,
          perform: async (given, key) => {
            await actOnApi('POST /api/v1/partners/{id}/resume', { path, body: { why: givenReason(given) } }, key)
            return texts.resumed(id)
          },
        }),
    },
    {
      verb: texts.remove,
      of: id,
      obstacle: obstacleOf(acts, 'remove'),
      begin: () =>
        acting.begin({
          title: texts.removeTitle(id),
          verb: texts.remove,
          lead: <p>{texts.removeLead}</p>,
          perform: async (given, key) => {
            await actOnApi('DELETE /api/v1/partners/{id}', { path, query: { why: givenReason(given) } }, key)
            onRemoved()
            return texts.removed(id)
          },
        }),
    },
  ]
}
