// What the routes of the operators' API work with.
import type { LedgerReader } from '@seg/ledger'
import type { AccessStore } from '../access/access-store.ts'
import type { AuditTrail } from '../audit/audit-trail.ts'
import type { DeskSearch } from '../desk/desk-search.ts'
import type { MetricsText } from '../metrics/render-metrics.ts'

/** Whether documents can be accepted, and what each check found. */
export type ReadinessReport = {
  readonly isReady: boolean
  /** RFC 3339, of the look. */
  readonly at: string
  readonly checks: readonly { readonly check: string; readonly ok: boolean; readonly found: string }[]
}

/** What only the gateway's main thread knows: it answers from memory, and asks no database. */
export type GatewayAnswers = {
  /** The id of the gateway, and since when it runs. */
  identity(): { readonly id: string; readonly version: string; readonly startedAt: string }
  /** Looks, unless it has just done so. */
  readiness(): Promise<ReadinessReport>
  /** `isOpen`: OpenMetrics. The desk's thread writes them. */
  metrics(isOpen: boolean): Promise<MetricsText>
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
