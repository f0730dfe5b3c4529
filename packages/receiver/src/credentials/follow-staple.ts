// The answer of our CA about our own certificate, which clients get with it when they ask (OCSP
// stapling, RFC 6066 8): fetched in the background, so that no handshake waits for it.
import { Fault, type Looks, quote } from '@seg/core'
import { findIssuer, type Identity } from '@seg/pki'
import type { Gate } from '../gate.ts'
import { toFault } from '../http/problem.ts'
import type { Logger } from '../logger.ts'
import { askResponder, LEAST_REFRESH, RETRY, USUAL_REFRESH } from './ask-responder.ts'

/** Milliseconds between two looks at whether it is due. */
const LOOK_INTERVAL = 1000

export type Staple = {
  /** What goes out with this certificate (DER) now; null: nothing. */
  answerFor(certificate: Buffer): Buffer | null
}

/** `octets` of `responder` may be handed out with `certificate` until `nextUpdate`. */
type Held = {
  readonly responder: string
  readonly certificate: Buffer
  readonly octets: Buffer
  readonly nextUpdate: number
}
type State = { readonly subject: string; readonly at: number; readonly due: number; readonly failures: number }

/** Looks at once, each second, and when the certificate or the responder is replaced. */
export function followStaple({ credentials, now }: Pick<Gate, 'credentials' | 'now'>, logger: Logger): Staple & Looks {
  let held: Held | undefined
  let state: State | undefined
  const stop = new AbortController()

  const lookOnce = async () => {
    const { identity, responder } = credentials.current
    // What another responder said goes out no more.
    if (responder !== held?.responder) held = undefined
    if (responder === undefined) {
      state = undefined
      return
    }
    const subject = `${responder} ${identity.certificate.fingerprint256}`
    const known = state?.subject === subject ? state : undefined
    const at = now().getTime()
    // A clock that was set back makes nothing wait longer than one interval.
    const isDue = known === undefined || at >= known.due || at < known.at
    if (isDue) state = { subject, ...(await ask(responder, identity, known?.failures ?? 0)) }
  }

  const ask = async (
    url: string,
    { certificate: leaf }: Identity,
    failures: number,
  ): Promise<Omit<State, 'subject'>> => {
    try {
      const { octets, status } = await askResponder(url, questionOf(leaf), { now, signal: stop.signal })
      const { nextUpdate, revoked } = status
      // One that says that it is revoked goes out as well: whoever asks is to know.
      held = { responder: url, certificate: leaf.raw, octets, nextUpdate }
      if (revoked !== undefined)
        logger.error({ code: 'certificate-revoked', url }, `our own certificate, ${nameOf(leaf)}, is revoked`)
      const at = now().getTime()
      // Half of its time is left for tries that fail.
      const wait = Math.min(USUAL_REFRESH, Math.max(LEAST_REFRESH, (nextUpdate - at) / 2))
      return { at, due: at + wait, failures: 0 }
    } catch (error) {
      const at = now().getTime()
      const wait = Math.min(USUAL_REFRESH, RETRY * 2 ** failures)
      const { code, detail } = toFault(error)
      if (!stop.signal.aborted)
        logger.warn(
          { code, url },
          `the status of our own certificate, ${nameOf(leaf)}, is not known: ${detail}; again in ${wait / 1000} s`,
        )
      return { at, due: at + wait, failures: failures + 1 }
    }
  }

  /** One that is in use was checked: its issuer stands in `ca.crt`. */
  const questionOf = (leaf: Identity['certificate']) => {
    const issuer = findIssuer(leaf, credentials.current.trust)
    if (issuer === undefined) throw new Fault('configuration', 'expected the CA of receiver.crt in ca.crt, found none')
    return { leaf, issuer }
  }

  let looking: Promise<void> | undefined
  const look = () => {
    looking ??= lookOnce().finally(() => {
      looking = undefined
    })
    return looking
  }
  void look()
  const timer = setInterval(() => void look(), LOOK_INTERVAL)
  timer.unref()
  const stopFollowing = credentials.onReplaced(() => void look())
  return {
    answerFor(certificate) {
      const isGood =
        held?.certificate.equals(certificate) === true &&
        held.responder === credentials.current.responder &&
        now().getTime() <= held.nextUpdate
      return isGood ? held!.octets : null
    },
    look,
    async close() {
      clearInterval(timer)
      stopFollowing()
      stop.abort()
      await looking
    },
  }
}

function nameOf({ subject, fingerprint256 }: Identity['certificate']): string {
  return `${quote(subject)} (SHA-256 ${fingerprint256})`
}
