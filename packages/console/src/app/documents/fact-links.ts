// Where a fact has its page.
import type { LiveFact } from '../api/live.ts'

export function pageOfFact({ kind, outcome, index, id, code }: LiveFact): string | undefined {
  if (kind === 'document' && index !== null) return `/documents/in/${index}`
  if (kind === 'refusal')
    return outcome === 'omitted' ? `/documents/refused?code=${code ?? ''}` : `/documents/refused/${id}`
  if (kind === 'connection') return '/connections'
  return undefined
}
