// Facts as they happen (server-sent events): one connection for all windows of a browser, whose
// holder passes on what it hears.
import { signal, useEffect, useRef } from '../preact.ts'
import type { ApiSchemas } from './api-types.ts'
import { askApi, hasSessionEnded } from './client.ts'

export type LiveFact = ApiSchemas['Fact']
type Message = { readonly fact: LiveFact } | { readonly gap: true } | { readonly isOpen: boolean }

const kinds = ['document', 'refusal', 'connection', 'hand-off', 'delivery'] as const

/** Since when nothing can have been heard; undefined while the connection is there. */
export const quietSince = signal<Date | undefined>(undefined)

/** Milliseconds that a lock takes which nobody holds, at most. */
const WAITED = 1000

/** Milliseconds until a connection that was refused is tried again. */
const REOPENED = 5000

type TakeFacts = (facts: readonly LiveFact[]) => void

/** Facts of one frame; beyond, they count as missed. */
const MOST = 2000
/** Milliseconds instead of a frame: a window that nobody sees draws none. */
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
  others.onmessage = ({ data }: MessageEvent<Message>) => hear(data)
  const tell = (message: Message) => {
    hear(message)
    others.postMessage(message)
  }
  // Held until the window closes; then another window gets it.
  const asked = Date.now()
  void navigator.locks.request('seg-facts', () => {
    // Between the window that had it and this one something may have happened.
    if (Date.now() - asked > WAITED) tell({ gap: true })
    openEvents(tell)
    return new Promise<never>(() => {})
  })
}

function openEvents(tell: (message: Message) => void): void {
  const events = new EventSource('/api/v1/events')
  for (const kind of kinds)
    events.addEventListener(kind, ({ data }: MessageEvent<string>) => tell({ fact: JSON.parse(data) as LiveFact }))
  events.addEventListener('gap', () => tell({ gap: true }))
  events.addEventListener('open', () => tell({ isOpen: true }))
  events.addEventListener('error', () => {
    tell({ isOpen: false })
    // A browser gives up after an answer that is a refusal; a gateway that restarts is back soon.
    if (events.readyState === EventSource.CLOSED) reopen(tell)
  })
}

/** For somebody whose session has ended nothing is asked until there is another. */
function reopen(tell: (message: Message) => void): void {
  setTimeout(async () => {
    if (!hasSessionEnded.value) await askApi('GET /api/v1/me', {}).catch(() => {})
    if (hasSessionEnded.value) reopen(tell)
    else openEvents(tell)
  }, REOPENED)
}

function hear(message: Message): void {
  if ('fact' in message) gather(message.fact)
  else if ('gap' in message) for (const listener of gapListeners) listener()
  else if (message.isOpen) quietSince.value = undefined
  else quietSince.value ??= new Date()
}

let gathered: LiveFact[] = []

/** One drawing a frame: a thousand facts a second are a thousand messages. */
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
