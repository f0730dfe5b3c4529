// The console of operators: what a browser starts with.
import { hasSessionEnded } from './api/client.ts'
import { watchGateway } from './gateway-state.ts'
import { Layout } from './layout.tsx'
import { effect, LocationProvider, render } from './preact.ts'
import { applyPreferences } from './preferences.ts'
import { openSession } from './session.ts'

// A path that is no UTF-8 names no page.
if (!isReadable(location.pathname)) history.replaceState(null, '', '/')
applyPreferences()
// A part that cannot be loaded: the session has ended, which the layout says then; or the console
// was built anew since this window was opened, and its files have other names.
addEventListener('vite:preloadError', event => {
  event.preventDefault()
  openSession().then(
    () => location.reload(),
    () => {},
  )
})
// Without an answer the layout is there all the same, and says so.
openSession().catch(() => {})
// Whoever logs in after a session has ended may be somebody else.
let hadEnded = false
effect(() => {
  if (hadEnded && !hasSessionEnded.value) openSession().catch(() => {})
  hadEnded = hasSessionEnded.value
})
watchGateway()
render(
  <LocationProvider>
    <Layout />
  </LocationProvider>,
  document.getElementById('console')!,
)

function isReadable(path: string): boolean {
  try {
    return decodeURIComponent(path) !== ''
  } catch {
    return false
  }
}
