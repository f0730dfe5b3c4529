// What the routes of the operators' API work with.
import type { LedgerReader } from '@seg/ledger'
import type { AccessStore } from '../access/access-store.ts'
import type { AuditTrail } from '../audit/audit-trail.ts'
import type { DeskSearch } from '../desk/desk-search.ts'

/** What only the gateway's main thread knows: it answers from memory, and asks no database. */
export type GatewayAnswers = {
  /** The id of the gateway, and since when it runs. */
  identity(): { readonly id: string; readonly version: string; readonly startedAt: string }
}

/**
 * A question to the main thread. Throws the Fault `overloaded` when it has no answer within a few
 * seconds.
 */
export type AskGateway = <Name extends keyof GatewayAnswers>(
  name: Name,
  ...given: Parameters<GatewayAnswers[Name]>
) => Promise<Awaited<ReturnType<GatewayAnswers[Name]>>>

export type ApiParts = {
  readonly access: AccessStore
  readonly audit: AuditTrail
  /** Throws the Fault `not-found` while the gateway has not made it. */
  readonly desk: () => DeskSearch
  readonly ledger: () => LedgerReader
  readonly ask: AskGateway
  /** A line for the operator of this machine, such as a defect. */
  readonly complain: (line: string) => void
  readonly now: () => Date
}
