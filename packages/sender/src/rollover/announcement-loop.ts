// Tries announcements until each has its answer: for a while, where a person waits for one, and for
// as long as it may count in a daemon.
import { asFault, Fault, LONGEST_PAUSE, pollLoop, quote, retryDelay } from '@seg/core'
import type { SendingGateway, WaitingGateway } from '../delivery/gateway.ts'
import { tryAnnouncement } from './announce.ts'
import { type Announced, keepState, listAnnounced } from './announced.ts'

/** Milliseconds between two looks for what other processes queued. */
const LOOK_INTERVAL = 2_000
/** Milliseconds for one try. */
const TRY_TIME = 60_000

/** Throws what `tryAnnouncement` does, and the Fault `delivery-pending`: it stays queued. */
export async function announceNow(queued: Announced, gateway: WaitingGateway): Promise<Announced> {
  const { clock, patience } = gateway
  const deadline = clock.elapsed() + patience.timeout
  const signal = AbortSignal.timeout(patience.timeout)
  for (let tries = 1; ; tries++) {
    const tried = await tryAnnouncement(queued, gateway, signal)
    if ('announced' in tried) return tried.announced
    const wait = retryDelay(tries, tried.retryAfter, clock.random)
    if (signal.aborted || clock.elapsed() + wait >= deadline)
      throw new Fault(
        'delivery-pending',
        `${queued.url}: ${tried.reason} (--timeout ${patience.timeout / 1000}); ` +
          'it stays queued, and `sender deliver` continues',
      )
    patience.onWait(tried.reason, wait)
    await clock.pause(wait)
  }
}

type State = { tries: number; due: number; said: string }

/** Resolves after `signal`, when no try is under way any more. */
export async function runAnnouncements(gateway: SendingGateway, signal: AbortSignal): Promise<void> {
  const states = new Map<string, State>()
  const look = async () => {
    const all = await listAnnounced(gateway.data)
    for (const queued of all.filter(({ state }) => state === 'queued')) {
      const state = states.get(queued.document) ?? { tries: 0, due: 0, said: '' }
      states.set(queued.document, state)
      if (signal.aborted || state.due > gateway.clock.elapsed()) continue
      const { said, wait, isOver } = await tryOnce(queued, state, gateway, signal)
      // Ended by our own stop: nothing is known.
      if (signal.aborted && !isOver) return
      if (said !== state.said) gateway.note(`${nameOf(queued)}: ${said}`)
      Object.assign(state, { tries: state.tries + 1, due: gateway.clock.elapsed() + wait, said })
    }
  }
  await pollLoop(look, { interval: LOOK_INTERVAL, signal, complain: gateway.note })
}

/** What came of it; milliseconds to the next try; whether there is none. */
type Outcome = { readonly said: string; readonly wait: number; readonly isOver?: true }

async function tryOnce(
  queued: Announced,
  { tries }: State,
  gateway: SendingGateway,
  signal: AbortSignal,
): Promise<Outcome> {
  const { clock, data } = gateway
  const delayAfter = (asked: number) => retryDelay(tries + 1, asked, clock.random, LONGEST_PAUSE)
  if (Date.parse(queued.until) <= clock.now().getTime()) {
    await keepState(data, { ...queued, state: 'expired' })
    return { said: 'it has expired; announce the certificate again', wait: 0, isOver: true }
  }
  try {
    // One snapshot of what may be replaced meanwhile.
    const tried = await tryAnnouncement(
      queued,
      { ...gateway },
      AbortSignal.any([signal, AbortSignal.timeout(TRY_TIME)]),
    )
    if ('announced' in tried) return { said: `accepted ${tried.announced.acceptedAt}`, wait: 0, isOver: true }
    return { said: `stays queued: ${tried.reason}`, wait: delayAfter(tried.retryAfter) }
  } catch (error) {
    const { code, detail } = asFault(error)
    return { said: `${code}: ${detail}`, wait: delayAfter(0) }
  }
}

function nameOf({ receiver, sha256 }: Announced): string {
  return `the announcement of ${sha256.slice(0, 11)}… to ${quote(receiver)}`
}
