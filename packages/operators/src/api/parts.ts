// What the routes of the operators' API work with.
import type { ShownSetting } from '@seg/core'
import type { LedgerReader, Outbox } from '@seg/ledger'
import type { AccessStore } from '../access/access-store.ts'
import type { People } from '../access/people.ts'
import type { AlertStore } from '../alerts/alert-store.ts'
import type { ApprovalStore } from '../approvals/approval-store.ts'
import type { AuditTrail } from '../audit/audit-trail.ts'
import type { LetterStore } from '../dead-letters/letter-store.ts'
import type { DeskSearch } from '../desk/desk-search.ts'
import type { MetricsText } from '../metrics/render-metrics.ts'
import type { OpenIdLogin } from '../openid/openid-login.ts'
import type { Tasks } from '../tasks/tasks.ts'
import type { AnswerStore } from './answer-store.ts'
import type { PartnerFile } from './partner-file.ts'

/** Whether documents can be accepted, and what each check found. */
export type ReadinessReport = {
  readonly isReady: boolean
  /** RFC 3339, of the look. */
  readonly at: string
  readonly checks: readonly { readonly check: string; readonly ok: boolean; readonly found: string }[]
}

/** A partner that reads the log. `size`: entries that it has seen that the log has. */
export type Witness = { readonly partner: string; readonly at: number; readonly size: number | null }

/** What only the gateway's main thread knows: it answers from memory, and asks no database. */
export type GatewayAnswers = {
  /** The id of the gateway, and since when this node of it runs. */
  identity(): { readonly id: string; readonly node: string; readonly version: string; readonly startedAt: string }
  /** Looks, unless it has just done so. */
  readiness(): Promise<ReadinessReport>
  /** `isOpen`: OpenMetrics. The desk's thread writes them. */
  metrics(isOpen: boolean): Promise<MetricsText>
  /** Settings as they are in force, and where each comes from. */
  settings(): readonly ShownSetting[]
  /** The path of its seg.yaml, as it was given; undefined: where it lies by itself. */
  configuration(): string | undefined
  /** Names of the targets that accepted documents are handed on to. */
  targets(): readonly string[]
  /** Who has read the log, the latest first. */
  witnesses(): readonly Witness[]
  /** A reader of events lost some: counted for the metrics. */
  noteEventGap(): void
  /** Certificates that are in use, in DER, each with what for. */
  certificates(): readonly { readonly use: string; readonly der: Uint8Array }[]
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
  /** Throws the Fault `storage-unavailable`. */
  readonly alerts: () => Promise<AlertStore>
  /** Throws the Fault `storage-unavailable`. */
  readonly answers: () => Promise<AnswerStore>
  /** Throws the Fault `storage-unavailable`. */
  readonly letters: () => Promise<LetterStore>
  /**
   * Of `console.outbox`. Throws the Faults `not-found` where there is none, and
   * `storage-unavailable`.
   */
  readonly outbox: () => Promise<Outbox>
  readonly openid: OpenIdLogin
  /** The address of the port for certificates of people; undefined where there is none. */
  readonly certificateLogin: () => string | undefined
  /** Acts that wait for another person. Throws the Fault `storage-unavailable`. */
  readonly approvals: () => Promise<ApprovalStore>
  /** Whether acts on partners and roles need two persons. */
  readonly fourEyes: boolean
  readonly partners: PartnerFile
  /** The folder of our own keys and certificates. */
  readonly certs: string
  readonly people: Pick<People, 'list' | 'change'>
  readonly tasks: Tasks
  /** The folder that backups are made in, of the settings; undefined: none are made here. */
  readonly backups: string | undefined
  readonly ask: AskGateway
  /** A line for the operator of this machine, such as a defect. */
  readonly complain: (line: string) => void
  readonly now: () => Date
}
