// Authorities that have an OCSP responder are asked about the certificates that partners use, in
// the background. Each answer is taken into use at once, also on open connections.
import { Fault, type Looks, quote } from '@seg/core'
import { type WantedStatus, withStatuses } from '@seg/pki'
import type { Gate } from '../gate.ts'
import { toFault } from '../http/problem.ts'
import type { Logger } from '../logger.ts'
import { askResponder, LEAST_REFRESH, RETRY, USUAL_REFRESH } from './ask-responder.ts'

/** Milliseconds between two looks at what is due. */
const LOOK_INTERVAL = 1000
const AT_ONCE = 8

type State = { readonly at: number; readonly due: number; readonly failures: number }
type Question = WantedStatus & { readonly url: string; readonly refresh: number }

/** Looks at once, and each second. */
export function followStatuses({ credentials, now }: Pick<Gate, 'credentials' | 'now'>, logger: Logger): Looks {
  const states = new Map<string, State>()
  const stop = new AbortController()

  const lookOnce = async () => {
    const { board } = credentials.current.policy
    const due = questionsOf(credentials.current).filter(({ key }) => {
      const state = states.get(key)
      const at = now().getTime()
      return state === undefined || at >= state.due || at < state.at
    })
    for (const key of states.keys()) if (!board?.wanted().some(wanted => wanted.key === key)) states.delete(key)
    for (let from = 0; from < due.length && !stop.signal.aborted; from += AT_ONCE) {
      const before = board!.statuses
      await Promise.all(due.slice(from, from + AT_ONCE).map(ask))
      if (board!.statuses !== before) takeIntoUse()
    }
  }

  const ask = async (question: Question) => {
    const { key, leaf, authority, url, refresh } = question
    const failures = states.get(key)?.failures ?? 0
    try {
      const { status } = await askResponder(url, question, { now, signal: stop.signal })
      credentials.current.policy.board?.answer(key, status)
      const at = now().getTime()
      states.set(key, { at, due: at + Math.min(refresh, Math.max(LEAST_REFRESH, status.nextUpdate - at)), failures: 0 })
      if (status.revoked !== undefined)
        logger.warn({ authority, url }, `${quote(leaf.subject)} (SHA-256 ${leaf.fingerprint256}) is revoked`)
    } catch (error) {
      const at = now().getTime()
      const wait = Math.min(refresh, RETRY * 2 ** failures)
      states.set(key, { at, due: at + wait, failures: failures + 1 })
      const { code, detail } = error instanceof Fault ? error : toFault(error)
      if (!stop.signal.aborted)
        logger.warn(
          { code, authority, url },
          `the status of ${quote(leaf.subject)} (SHA-256 ${leaf.fingerprint256}) is not known: ${detail}; again in ${wait / 1000} s`,
        )
    }
  }

  const takeIntoUse = () => {
    const { current } = credentials
    const { policy } = current
    if (policy.board === undefined) return
    const revocation = withStatuses(policy.revocation, policy.board.statuses)
    credentials.replace({ ...current, policy: { ...policy, revocation } })
  }

  let looking: Promise<void> | undefined
  const look = () => {
    looking ??= lookOnce().finally(() => {
      looking = undefined
    })
    return looking
  }
  const timer = setInterval(() => void look(), LOOK_INTERVAL)
  timer.unref()
  return {
    look,
    async close() {
      clearInterval(timer)
      stop.abort()
      await looking
    },
  }
}

function questionsOf({ record, policy }: Gate['credentials']['current']): Question[] {
  return (policy.board?.wanted() ?? []).flatMap(wanted => {
    const authority = record.authorities.find(({ name }) => name === wanted.authority)
    if (authority?.ocsp === undefined) return []
    return [{ ...wanted, url: authority.ocsp, refresh: authority.refresh ?? USUAL_REFRESH }]
  })
}
