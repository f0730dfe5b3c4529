// Every page of the console: a page is shown by its row here, and nowhere else.
import { connectionTexts } from './connections/connection-texts.ts'
import { documentTexts } from './documents/document-texts.ts'
import { pathTexts } from './documents/path-texts.ts'
import { evidenceTexts } from './evidence/evidence-texts.ts'
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
    path: '/search',
    title: () => searchTexts().title,
    permission: 'documents.read',
    view: lazy(() => import('./search/search-page.tsx').then(({ SearchPage }) => SearchPage)),
  },
]
