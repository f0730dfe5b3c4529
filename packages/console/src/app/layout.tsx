// What stands around every page: rail, header, search, the state of all in a word.
import { hasSessionEnded } from './api/client.ts'
import { quietSince } from './api/live.ts'
import { Header } from './header.tsx'
import type { ConsolePage, PageProps } from './page.ts'
import { pages } from './pages.ts'
import { Command } from './parts/command.tsx'
import { Icon } from './parts/icon.tsx'
import { type ComponentType, Route, Router, useEffect, useLocation } from './preact.ts'
import { mayHere, me } from './session.ts'
import { formatClock, zoneName } from './texts/formats.ts'
import { language } from './texts/languages.ts'
import { sharedTexts } from './texts/shared-texts.ts'

export function Layout() {
  const texts = sharedTexts()
  const { path } = useLocation()
  useEffect(() => {
    document.documentElement.lang = language.value
  }, [language.value])
  return (
    <>
      <a class="skip" href="#content">
        {texts.skip}
      </a>
      <Header />
      <div class="frame">
        <nav class="rail" aria-label={texts.pages}>
          <ul>
            {pages.map(page => (
              <RailItem key={page.path} page={page} path={path} />
            ))}
          </ul>
        </nav>
        <main id="content" tabIndex={-1}>
          <Notices />
          <Router onRouteChange={toTop}>
            {pages.map(page => (
              <Route key={page.path} path={page.path} component={shown(page)} />
            ))}
            <Route default component={NoPage} />
          </Router>
        </main>
      </div>
    </>
  )
}

function RailItem({ page: { path, title, permission, icon }, path: here }: { page: ConsolePage; path: string }) {
  if (icon === undefined) return null
  const isHere = path === '/' ? here === '/' : here === path || here.startsWith(`${path}/`)
  const isAllowed = me.value === undefined || mayHere(permission)
  return (
    <li>
      <a href={path} {...(isHere && { 'aria-current': 'page' })} {...(!isAllowed && { class: 'barred' })}>
        <Icon name={icon} />
        {title()}
      </a>
    </li>
  )
}

const views = new Map<ConsolePage, ComponentType<PageProps>>()

/** One component for each row, or each turn would show a page anew. */
function shown(page: ConsolePage) {
  const known = views.get(page)
  if (known !== undefined) return known
  const View = page.view
  const view = ({ params, query }: PageProps) => {
    const title = page.title()
    const { id = '' } = me.value?.gateway ?? {}
    useEffect(() => {
      document.title = [title, id].filter(part => part !== '').join(' – ')
    }, [title, id])
    if (me.value !== undefined && !mayHere(page.permission)) return <NotPermitted permission={page.permission} />
    return <View params={params} query={query} />
  }
  views.set(page, view)
  return view
}

function toTop(): void {
  scrollTo(0, 0)
}

/** What concerns everything that is shown. */
function Notices() {
  const texts = sharedTexts()
  return (
    <div aria-live="polite">
      {hasSessionEnded.value && (
        <div class="notice alarm">
          <p>
            <strong>{texts.sessionEnded}</strong> {texts.sessionEndedHow}
          </p>
          <Command text="pnpm --filter receiver console login" />
        </div>
      )}
      {!hasSessionEnded.value && quietSince.value !== undefined && (
        <p class="notice waiting">{texts.staleSince(`${formatClock(quietSince.value)} ${zoneName()}`)}</p>
      )}
    </div>
  )
}

function NotPermitted({ permission }: { readonly permission: string }) {
  const texts = sharedTexts()
  const role = me.value?.role ?? ''
  return <p class="empty">{texts.notPermitted(permission, texts.roles[role] ?? role)}</p>
}

function NoPage() {
  const texts = sharedTexts()
  useEffect(() => {
    document.title = texts.noPage
  }, [texts])
  return (
    <>
      <h1>{texts.noPage}</h1>
      <p>{texts.noPageHow}</p>
      <p>
        <a href="/">{texts.toNow}</a>
      </p>
    </>
  )
}
