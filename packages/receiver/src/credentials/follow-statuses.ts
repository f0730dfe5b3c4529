// Authorities that have an OCSP responder are asked about the certificates that partners use, in
// the background. Each answer is taken into use at once, also on open connections.
import { type Looks, quote } from '@seg/core'
import { type WantedStatus, withStatuses } from '@seg/pki'
import type { Gate } from '../gate.ts'
import type { Logger } from '../logger.ts'
import { askResponder, RETRY } from './ask-responder.ts'
import { lookEachSecond, RefreshTimes, USUAL_REFRESH } from './refresh-times.ts'

const AT_ONCE = 8

type Question = WantedStatus & { readonly url: string; readonly refresh: number }

/** Looks at once, and each second. */
export function followStatuses({ credentials, now }: Pick<Gate, 'credentials' | 'now'>, logger: Logger): Looks {
  const times = new RefreshTimes(now)
  const stop = new AbortController()

  const lookOnce = async () => {
    const { board } = credentials.current.policy
    times.retain(new Set(board?.wanted().map(({ key }) => key)))
    const due = questionsOf(credentials.current).filter(({ key }) => times.isDue(key))
    for (let from = 0; from < due.length && !stop.signal.aborted; from += AT_ONCE) {
      const before = board!.statuses
      await Promise.all(due.slice(from, from + AT_ONCE).map(follow))
      if (board!.statuses !== before) takeIntoUse()
    }
  }

  const follow = ({ key, refresh, ...question }: Question) => {
    const { leaf, authority, url } = question
    const name = `${quote(leaf.subject)} (SHA-256 ${leaf.fingerprint256})`
    return times.fetch(
      key,
      { refresh, retry: RETRY },
      async () => {
        const { status } = await askResponder(url, question, { now, signal: stop.signal })
        credentials.current.policy.board?.answer(key, status)
        if (status.revoked !== undefined) logger.warn({ authority, url }, `${name} is revoked`)
        return status.nextUpdate
      },
      ({ code, detail }, wait) => {
        if (stop.signal.aborted) return
        const line = `the status of ${name} is not known: ${detail}; again in ${wait / 1000} s`
        logger.warn({ code, authority, url }, line)
      },
    )
  }

  const takeIntoUse = () => {
    const { current } = credentials
    const { policy } = current
    if (policy.board === undefined) return
    const revocation = withStatuses(policy.revocation, policy.board.statuses)
    credentials.replace({ ...current, policy: { ...policy, revocation } })
  }

  return lookEachSecond(lookOnce, stop)
}

function questionsOf({ record, policy }: Gate['credentials']['current']): Question[] {
  return (policy.board?.wanted() ?? []).flatMap(wanted => {
    const authority = record.authorities.find(({ name }) => name === wanted.authority)
    if (authority?.ocsp === undefined) return []
    return [{ ...wanted, url: authority.ocsp, refresh: authority.refresh ?? USUAL_REFRESH }]
  })
}
