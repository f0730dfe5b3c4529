// Who changed a thing last, with a link to the record that has each field before and after.
import { useAsked } from '../api/use-asked.ts'
import { useNow } from '../parts/use-now.ts'
import { useEffect } from '../preact.ts'
import { mayHere } from '../session.ts'
import { formatPast } from '../texts/formats.ts'
import { auditTexts } from './audit-texts.ts'
import { readAuditRecord } from './read-record.ts'

type ChangeProps = {
  /** Its id, as records name it. */
  readonly on: string
  /** A change of this value asks for it again. */
  readonly turn: unknown
}

export function LastChange({ on, turn }: ChangeProps) {
  const texts = auditTexts()
  const now = useNow(60_000)
  const query = { on, outcome: 'success', limit: 1 } as const
  const { answer, again } = useAsked('GET /api/v1/audit', { query }, { isWanted: mayHere('audit.read') && on !== '' })
  useEffect(again, [turn, again])
  const [row] = answer?.data ?? []
  if (row === undefined) return null
  const { actor, at, action } = readAuditRecord(row.record)
  return (
    <p class="under">
      <a href={`/audit/${row.number}`}>{texts.changedBy(actor.id, formatPast(new Date(at), now))}</a> ({action}
      {') · '}
      <a href={`/audit?${new URLSearchParams({ on })}`}>{texts.allOn}</a>
    </p>
  )
}
