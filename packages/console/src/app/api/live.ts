// Facts as they happen (server-sent events): one connection for all windows of a browser, whose
// holder passes on its events. However many arrive, a window does work for them a few times a
// second, and none while nobody sees it.
import { signal, useEffect, useRef } from '../preact.ts'
import type { ApiSchemas } from './api-types.ts'
import { askApi, hasSessionEnded } from './client.ts'
import { gatewayTime } from './gateway-clock.ts'

export type LiveFact = ApiSchemas['Fact']
/** A fact as text: each window reads it when it takes it. */
type FactText = string
type Message = { readonly facts: readonly FactText[] } | { readonly gap: true } | { readonly isOpen: boolean }

const kinds = ['document', 'refusal', 'connection', 'hand-off', 'delivery'] as const

/** Since when no event can have arrived; undefined while the connection is open. */
export const quietSince = signal<Date | undefined>(undefined)

/** Milliseconds that a lock takes which nobody holds, at most. */
const WAITED = 1000

/** Milliseconds until a connection that was refused is tried again. */
const REOPENED = 5000

type TakeFacts = (facts: readonly LiveFact[]) => void

/** Milliseconds from the first fact until it and those after it are taken together. */
const GATHERED = 250
/** Facts that are taken together; more count as missed. */
const MOST = 2000

const listeners = new Set<TakeFacts>()
const gapListeners = new Set<() => void>()
let isFollowing = false

/**
 * Calls `take` with the facts of a quarter of a second, and `refetch` where some were missed.
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
  const passToOthers = gatherFor(others)
  const publish = (message: Message) => {
    receive(message)
    passToOthers(message)
  }
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && gathered.length > 0) passOn()
  })
  // Held until the window closes; then another window gets it.
  const asked = Date.now()
  void navigator.locks.request('seg-facts', () => {
    // Between the window that had it and this one something may have happened.
    if (Date.now() - asked > WAITED) publish({ gap: true })
    openEvents(publish)
    return new Promise<never>(() => {})
  })
}

/** A message for each fact would cost this window as much as drawing them. */
function gatherFor(others: BroadcastChannel): (message: Message) => void {
  let facts: FactText[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    others.postMessage({ facts })
    facts = []
  }
  return message => {
    if (!('facts' in message)) return others.postMessage(message)
    facts.push(...message.facts)
    // Timers of a window that nobody sees are held back, of others that are seen not.
    if (document.hidden) flush()
    else timer ??= setTimeout(flush, GATHERED)
  }
}

function openEvents(publish: (message: Message) => void): void {
  const events = new EventSource('/api/v1/events')
  for (const kind of kinds)
    events.addEventListener(kind, ({ data }: MessageEvent<FactText>) => publish({ facts: [data] }))
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
  if ('facts' in message) gather(message.facts)
  else if ('gap' in message) for (const listener of gapListeners) listener()
  else if (message.isOpen) quietSince.value = undefined
  else quietSince.value ??= new Date(gatewayTime())
}

let gathered: FactText[] = []

function gather(facts: readonly FactText[]): void {
  if (gathered.length === 0 && !document.hidden) setTimeout(passOn, GATHERED)
  if (gathered.length <= MOST) gathered.push(...facts)
}

/** In a window that nobody sees they wait until somebody does. */
function passOn(): void {
  if (document.hidden || gathered.length === 0) return
  const facts = gathered
  gathered = []
  if (facts.length > MOST) for (const listener of gapListeners) listener()
  else {
    const read = facts.map(text => JSON.parse(text) as LiveFact)
    for (const listener of listeners) listener(read)
  }
}
