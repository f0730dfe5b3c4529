// The audit trail of a data folder, verified with the entries of the log beside it.
import { Fault } from '@seg/core'
import { openLedgerReader } from '@seg/ledger'
import type { AuditTrail } from './audit-trail.ts'
import { type VerifiedAudit, verifyAudit } from './verify-audit.ts'

/** Problems that are named. */
const NAMED = 5

/** `isLogged`: `folder` has a ledger. Throws the Fault `log-invalid`. */
export async function checkTrail(
  trail: AuditTrail | undefined,
  folder: string,
  isLogged: boolean,
): Promise<Omit<VerifiedAudit, 'problems'>> {
  const { problems, ...found } = await verifyAudit(trail, isLogged ? entriesOf(folder) : undefined)
  if (problems.length === 0) return found
  const more = problems.length > NAMED ? `; and ${problems.length - NAMED} more` : ''
  throw new Fault(
    'log-invalid',
    `the audit trail is not what was written: ${problems.slice(0, NAMED).join('; ')}${more}`,
  )
}

async function* entriesOf(data: string) {
  const reader = openLedgerReader(data)
  try {
    const size = await reader.log.size()
    for (let index = 0; index < size; index++) yield [index, await reader.event(index)] as const
  } finally {
    await reader.close()
  }
}
