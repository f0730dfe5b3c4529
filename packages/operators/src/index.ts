// What happened, and who may know: the desk of facts, the audit trail, and the operators' API.
export { runConsoleLogin, runKeysAdd, runKeysList, runKeysRevoke } from './access/access-commands.ts'
export { type AccessStore, openAccess } from './access/access-store.ts'
export { peopleSection } from './access/people-section.ts'
export { isRole, type Role } from './access/roles.ts'
export {
  readAlert,
  readMute,
  runAlertsAck,
  runAlertsList,
  runAlertsMute,
  runAlertsTest,
  runAlertsUnmute,
} from './alerts/alerts-commands.ts'
export { alertsSection, openAlertChannels } from './alerts/alerts-section.ts'
export type { AnnouncedCertificate, NewAuthority, PartnerFile, TrustEdit, TrustText } from './api/partner-file.ts'
export type { ApiParts, AskGateway, GatewayAnswers, ReadinessReport, Witness } from './api/parts.ts'
export { runAuditList, runAuditShow, runAuditVerify } from './audit/audit-commands.ts'
export type { Act, AuditCategory } from './audit/audit-record.ts'
export { auditSection, openAuditSinks } from './audit/audit-section.ts'
export { type AuditTrail, openAuditReader, openAuditTrail } from './audit/audit-trail.ts'
export { auditedCommand, type Describe, type Described, type Run } from './audit/audited-command.ts'
export { findRestored, openRestoredTrail, restoredAct, settleCopiedTrail } from './audit/copied-trail.ts'
export { enterRecords } from './audit/enter-records.ts'
export { type Forwarding, forwardRecords } from './audit/forward-records.ts'
export { type Planned, performAct, shellActor, shellPlace } from './audit/perform-act.ts'
export { lettersAt } from './dead-letters/letter-search.ts'
export {
  type LetterAct,
  type LetterDecision,
  type LetterStore,
  openLetterReader,
  openLetterStore,
  openLetterStoreIfAny,
  readLetterStates,
} from './dead-letters/letter-store.ts'
export { type Desk, type Measure, openDesk } from './desk/desk.ts'
export type { DeskFilter } from './desk/desk-query.ts'
export { type DeskSearch, openDeskSearch } from './desk/desk-search.ts'
export { explainRefusal } from './desk/explain.ts'
export type { Fact, NoteFact } from './desk/fact.ts'
export type { KeptFact } from './desk/fact-columns.ts'
export { type FoundValues, type NextDocument, openValueStore, type ValueStore } from './desk/value-store.ts'
export type { Sample } from './metrics/catalogue.ts'
export type { MetricsText } from './metrics/render-metrics.ts'
export { openIdSection } from './openid/openid-section.ts'
export { boundRequest, boundServer, endless, MOST_MESSAGES } from './outbound/bounded-server.ts'
export { loadOutboundContext } from './outbound/outbound-tls.ts'
export { openWebhookSignature } from './outbound/standard-webhook.ts'
export { parseWebhookSecret } from './outbound/webhook-secret.ts'
export type { TraceSpan } from './tracing/span.ts'
export {
  newSpanId,
  newTraceId,
  parseTraceParent,
  type TraceContext,
  writeTraceParent,
} from './tracing/trace-context.ts'
export { openTracer, type Tracer } from './tracing/tracer.ts'
