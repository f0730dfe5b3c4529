// Facts as they happen (server-sent events): one connection for all windows of a browser, whose
// holder passes on its events.
import { signal, useEffect, useRef } from '../preact.ts'
import type { ApiSchemas } from './api-types.ts'
import { askApi, hasSessionEnded } from './client.ts'

export type LiveFact = ApiSchemas['Fact']
type Message = { readonly fact: LiveFact } | { readonly gap: true } | { readonly isOpen: boolean }

const kinds = ['document', 'refusal', 'connection', 'hand-off', 'delivery'] as const

/** Since when no event can have arrived; undefined while the connection is open. */
export const quietSince = signal<Date | undefined>(undefined)

/** Milliseconds that a lock takes which nobody holds, at most. */
const WAITED = 1000

/** Milliseconds until a connection that was refused is tried again. */
const REOPENED = 5000

type TakeFacts = (facts: readonly LiveFact[]) => void

/** Facts that one frame takes; more count as missed. */
const MOST = 2000
/** Milliseconds after which facts are taken without a frame: a hidden window draws none. */
const UNSEEN = 1000

const listeners = new Set<TakeFacts>()
const gapListeners = new Set<() => void>()
let isFollowing = false

/**
 * Calls `take` with the facts of a frame, and `refetch` where some were missed.
 */
export function useFacts(take: TakeFacts, refetch: () => void): void {
  const latest = useRef({ take, refetch })
  latest.current = { take, refetch }
  useEffect(() => {
    follow()
    const onFacts: TakeFacts = facts => latest.current.take(facts)
    const onGap = () => latest.current.refetch()
    listeners.add(onFacts)
    gapListeners.add(onGap)
    return () => {
      listeners.delete(onFacts)
      gapListeners.delete(onGap)
    }
  }, [])
}

function follow(): void {
  if (isFollowing) return
  isFollowing = true
  const others = new BroadcastChannel('seg-facts')
  others.onmessage = ({ data }: MessageEvent<Message>) => receive(data)
  const publish = (message: Message) => {
    receive(message)
    others.postMessage(message)
  }
  // Held until the window closes; then another window gets it.
  const asked = Date.now()
  void navigator.locks.request('seg-facts', () => {
    // Between the window that had it and this one something may have happened.
    if (Date.now() - asked > WAITED) publish({ gap: true })
    openEvents(publish)
    return new Promise<never>(() => {})
  })
}

function openEvents(publish: (message: Message) => void): void {
  const events = new EventSource('/api/v1/events')
  for (const kind of kinds)
    events.addEventListener(kind, ({ data }: MessageEvent<string>) => publish({ fact: JSON.parse(data) as LiveFact }))
  events.addEventListener('gap', () => publish({ gap: true }))
  events.addEventListener('open', () => publish({ isOpen: true }))
  events.addEventListener('error', () => {
    publish({ isOpen: false })
    // A browser gives up after an answer that is a refusal; a gateway that restarts is back soon.
    if (events.readyState === EventSource.CLOSED) reopen(publish)
  })
}

/** For somebody whose session has ended nothing is asked until there is another. */
function reopen(publish: (message: Message) => void): void {
  setTimeout(async () => {
    if (!hasSessionEnded.value) await askApi('GET /api/v1/me', {}).catch(() => {})
    if (hasSessionEnded.value) reopen(publish)
    else openEvents(publish)
  }, REOPENED)
}

function receive(message: Message): void {
  if ('fact' in message) gather(message.fact)
  else if ('gap' in message) for (const listener of gapListeners) listener()
  else if (message.isOpen) quietSince.value = undefined
  else quietSince.value ??= new Date()
}

let gathered: LiveFact[] = []

/** Draws once a frame: a thousand facts a second are a thousand messages. */
function gather(fact: LiveFact): void {
  if (gathered.length === 0) {
    if (document.hidden) setTimeout(passOn, UNSEEN)
    else requestAnimationFrame(passOn)
  }
  // A window that is hidden before it draws has no frame until somebody sees it again.
  if (gathered.length <= MOST) gathered.push(fact)
}

function passOn(): void {
  const facts = gathered
  gathered = []
  if (facts.length > MOST) for (const listener of gapListeners) listener()
  else for (const listener of listeners) listener(facts)
}
