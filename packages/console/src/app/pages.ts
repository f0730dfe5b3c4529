// Every page of the console: a page is shown by its row here, and nowhere else.
import { alertTexts } from './alerts/alert-texts.ts'
import { approvalTexts } from './approvals/approval-texts.ts'
import { auditTexts } from './audit/audit-texts.ts'
import { certificateTexts } from './certificates/certificate-texts.ts'
import { renewalTexts } from './certificates/renewal-texts.ts'
import { connectionTexts } from './connections/connection-texts.ts'
import { deliveryTexts } from './deliveries/delivery-texts.ts'
import { documentTexts } from './documents/document-texts.ts'
import { pathTexts } from './documents/path-texts.ts'
import { evidenceTexts } from './evidence/evidence-texts.ts'
import { handOffTexts } from './hand-off/hand-off-texts.ts'
import { healthTexts } from './health/health-texts.ts'
import { taskTexts } from './health/task-texts.ts'
import { helpTexts } from './help/help-texts.ts'
import { logTexts } from './log/log-texts.ts'
import { witnessTexts } from './log/witness-texts.ts'
import { nowTexts } from './now/now-texts.ts'
import type { ConsolePage } from './page.ts'
import { announcedTexts } from './partners/announced-texts.ts'
import { newPartnerTexts } from './partners/new-partner-texts.ts'
import { partnerTexts } from './partners/partner-texts.ts'
import { lazy } from './preact.ts'
import { searchTexts } from './search/search-texts.ts'
import { accessTexts } from './settings/access-texts.ts'
import { peopleTexts } from './settings/people-texts.ts'
import { settingTexts } from './settings/setting-texts.ts'

/** In the order of the rail. */
export const pages: readonly ConsolePage[] = [
  {
    path: '/',
    title: () => nowTexts().title,
    permission: 'documents.read',
    icon: 'now',
    view: lazy(() => import('./now/now-page.tsx').then(({ NowPage }) => NowPage)),
  },
  {
    path: '/documents',
    title: () => documentTexts().title,
    permission: 'documents.read',
    icon: 'documents',
    view: lazy(() => import('./documents/documents-page.tsx').then(({ AcceptedPage }) => AcceptedPage)),
  },
  {
    path: '/documents/refused',
    title: () => documentTexts().refused,
    permission: 'documents.read',
    view: lazy(() => import('./documents/documents-page.tsx').then(({ RefusedPage }) => RefusedPage)),
  },
  {
    path: '/documents/in/:index',
    title: () => pathTexts().acceptedTitle,
    permission: 'documents.read',
    view: lazy(() => import('./documents/document-page.tsx').then(({ DocumentPage }) => DocumentPage)),
  },
  {
    path: '/documents/refused/:id',
    title: () => pathTexts().refusedTitle,
    permission: 'documents.read',
    view: lazy(() => import('./documents/refusal-page.tsx').then(({ RefusalPage }) => RefusalPage)),
  },
  {
    path: '/connections',
    title: () => connectionTexts().title,
    permission: 'connections.read',
    icon: 'connections',
    view: lazy(() => import('./connections/connections-page.tsx').then(({ ConnectionsPage }) => ConnectionsPage)),
  },
  {
    path: '/deliveries',
    title: () => deliveryTexts().title,
    permission: 'deliveries.read',
    icon: 'deliveries',
    view: lazy(() => import('./deliveries/deliveries-page.tsx').then(({ DeliveriesPage }) => DeliveriesPage)),
  },
  {
    path: '/deliveries/:entry',
    title: () => deliveryTexts().title,
    permission: 'deliveries.read',
    view: lazy(() => import('./deliveries/delivery-page.tsx').then(({ DeliveryPage }) => DeliveryPage)),
  },
  {
    path: '/hand-off',
    title: () => handOffTexts().title,
    permission: 'deliveries.read',
    icon: 'hand-off',
    view: lazy(() => import('./hand-off/hand-off-page.tsx').then(({ HandOffPage }) => HandOffPage)),
  },
  {
    path: '/hand-off/dead-letters/:index',
    title: () => handOffTexts().letters,
    permission: 'deliveries.read',
    view: lazy(() => import('./hand-off/dead-letter-page.tsx').then(({ DeadLetterPage }) => DeadLetterPage)),
  },
  {
    path: '/partners',
    title: () => partnerTexts().title,
    permission: 'partners.read',
    icon: 'partners',
    view: lazy(() => import('./partners/partners-page.tsx').then(({ PartnersPage }) => PartnersPage)),
  },
  {
    path: '/partners/new',
    title: () => newPartnerTexts().title,
    permission: 'partners.read',
    view: lazy(() => import('./partners/new-partner-page.tsx').then(({ NewPartnerPage }) => NewPartnerPage)),
  },
  {
    path: '/partners/announced',
    title: () => announcedTexts().title,
    permission: 'partners.read',
    view: lazy(() => import('./partners/announced-page.tsx').then(({ AnnouncedPage }) => AnnouncedPage)),
  },
  {
    path: '/partners/:id',
    title: () => partnerTexts().title,
    permission: 'partners.read',
    view: lazy(() => import('./partners/partner-page.tsx').then(({ PartnerPage }) => PartnerPage)),
  },
  {
    path: '/certificates',
    title: () => certificateTexts().title,
    permission: 'certificates.read',
    icon: 'certificates',
    view: lazy(() => import('./certificates/certificates-page.tsx').then(({ CertificatesPage }) => CertificatesPage)),
  },
  {
    path: '/certificates/revoke',
    title: () => renewalTexts().revoke,
    permission: 'certificates.read',
    view: lazy(() => import('./certificates/revocation-page.tsx').then(({ RevocationPage }) => RevocationPage)),
  },
  {
    path: '/certificates/renew/:use',
    title: () => renewalTexts().plain,
    permission: 'certificates.read',
    view: lazy(() => import('./certificates/renewal-page.tsx').then(({ RenewalPage }) => RenewalPage)),
  },
  {
    path: '/certificates/:fingerprint',
    title: () => certificateTexts().title,
    permission: 'certificates.read',
    view: lazy(() => import('./certificates/certificate-page.tsx').then(({ CertificatePage }) => CertificatePage)),
  },
  {
    path: '/evidence',
    title: () => evidenceTexts().title,
    permission: 'documents.read',
    icon: 'evidence',
    view: lazy(() => import('./evidence/evidence-page.tsx').then(({ EvidencePage }) => EvidencePage)),
  },
  {
    path: '/log',
    title: () => logTexts().title,
    permission: 'log.read',
    icon: 'log',
    view: lazy(() => import('./log/log-page.tsx').then(({ LogPage }) => LogPage)),
  },
  {
    path: '/log/witnesses',
    title: () => witnessTexts().title,
    permission: 'log.read',
    view: lazy(() => import('./log/witnesses-page.tsx').then(({ WitnessesPage }) => WitnessesPage)),
  },
  {
    path: '/log/:index',
    title: () => logTexts().title,
    permission: 'log.read',
    view: lazy(() => import('./log/log-entry-page.tsx').then(({ LogEntryPage }) => LogEntryPage)),
  },
  {
    path: '/audit',
    title: () => auditTexts().title,
    permission: 'audit.read',
    icon: 'audit',
    view: lazy(() => import('./audit/audit-page.tsx').then(({ AuditPage }) => AuditPage)),
  },
  {
    path: '/audit/:record',
    title: () => auditTexts().title,
    permission: 'audit.read',
    view: lazy(() => import('./audit/record-page.tsx').then(({ RecordPage }) => RecordPage)),
  },
  {
    path: '/approvals',
    title: () => approvalTexts().title,
    permission: 'approvals.read',
    icon: 'approvals',
    view: lazy(() => import('./approvals/approvals-page.tsx').then(({ ApprovalsPage }) => ApprovalsPage)),
  },
  {
    path: '/approvals/:id',
    title: () => approvalTexts().title,
    permission: 'approvals.read',
    view: lazy(() => import('./approvals/approval-page.tsx').then(({ ApprovalPage }) => ApprovalPage)),
  },
  {
    path: '/alerts',
    title: () => alertTexts().title,
    permission: 'alerts.read',
    icon: 'alerts',
    view: lazy(() => import('./alerts/alerts-page.tsx').then(({ AlertsPage }) => AlertsPage)),
  },
  {
    path: '/alerts/rules',
    title: () => alertTexts().rules,
    permission: 'alerts.read',
    view: lazy(() => import('./alerts/rules-page.tsx').then(({ RulesPage }) => RulesPage)),
  },
  {
    path: '/alerts/channels',
    title: () => alertTexts().channels,
    permission: 'alerts.read',
    view: lazy(() => import('./alerts/channels-page.tsx').then(({ ChannelsPage }) => ChannelsPage)),
  },
  {
    path: '/alerts/:id',
    title: () => alertTexts().title,
    permission: 'alerts.read',
    view: lazy(() => import('./alerts/alerts-page.tsx').then(({ AlertPage }) => AlertPage)),
  },
  {
    path: '/health',
    title: () => healthTexts().title,
    permission: 'health.read',
    icon: 'health',
    view: lazy(() => import('./health/health-page.tsx').then(({ HealthPage }) => HealthPage)),
  },
  {
    path: '/health/tasks',
    title: () => taskTexts().title,
    permission: 'tasks.read',
    view: lazy(() => import('./health/tasks-page.tsx').then(({ TasksPage }) => TasksPage)),
  },
  {
    path: '/settings',
    title: () => settingTexts().title,
    permission: 'settings.read',
    icon: 'settings',
    view: lazy(() => import('./settings/settings-page.tsx').then(({ SettingsPage }) => SettingsPage)),
  },
  {
    path: '/settings/people',
    title: () => peopleTexts().title,
    permission: 'access.read',
    view: lazy(() => import('./settings/people-page.tsx').then(({ PeoplePage }) => PeoplePage)),
  },
  {
    path: '/settings/sessions',
    title: () => accessTexts().sessions,
    permission: 'access.read',
    view: lazy(() => import('./settings/sessions-page.tsx').then(({ SessionsPage }) => SessionsPage)),
  },
  {
    path: '/settings/api-keys',
    title: () => accessTexts().keys,
    permission: 'access.read',
    view: lazy(() => import('./settings/api-keys-page.tsx').then(({ ApiKeysPage }) => ApiKeysPage)),
  },
  {
    path: '/help',
    title: () => helpTexts().title,
    permission: 'me',
    icon: 'help',
    view: lazy(() => import('./help/help-page.tsx').then(({ HelpPage }) => HelpPage)),
  },
  {
    path: '/help/:code',
    title: () => helpTexts().title,
    permission: 'me',
    view: lazy(() => import('./help/help-page.tsx').then(({ FaultPage }) => FaultPage)),
  },
  {
    path: '/search',
    title: () => searchTexts().title,
    permission: 'documents.read',
    view: lazy(() => import('./search/search-page.tsx').then(({ SearchPage }) => SearchPage)),
  },
]
