// Every page of the console: a page is shown by its row here, and nowhere else.
import { alertTexts } from './alerts/alert-texts.ts'
import { connectionTexts } from './connections/connection-texts.ts'
import { deliveryTexts } from './deliveries/delivery-texts.ts'
import { documentTexts } from './documents/document-texts.ts'
import { pathTexts } from './documents/path-texts.ts'
import { evidenceTexts } from './evidence/evidence-texts.ts'
import { handOffTexts } from './hand-off/hand-off-texts.ts'
import { healthTexts } from './health/health-texts.ts'
import { logTexts } from './log/log-texts.ts'
import { nowTexts } from './now/now-texts.ts'
import type { ConsolePage } from './page.ts'
import { lazy } from './preact.ts'
import { searchTexts } from './search/search-texts.ts'

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
    path: '/log/:index',
    title: () => logTexts().title,
    permission: 'log.read',
    view: lazy(() => import('./log/log-entry-page.tsx').then(({ LogEntryPage }) => LogEntryPage)),
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
    path: '/search',
    title: () => searchTexts().title,
    permission: 'documents.read',
    view: lazy(() => import('./search/search-page.tsx').then(({ SearchPage }) => SearchPage)),
  },
]
