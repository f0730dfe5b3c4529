// The answer of our CA about our own certificate, which clients get with it when they ask (OCSP
// stapling, RFC 6066 8): fetched in the background, so that no handshake waits for it.
import { Fault, type Looks, quote } from '@seg/core'
import { findIssuer, type Identity } from '@seg/pki'
import type { Gate } from '../gate.ts'
import type { Logger } from '../logger.ts'
import { askResponder, RETRY } from './ask-responder.ts'
import { lookEachSecond, RefreshTimes, USUAL_REFRESH } from './refresh-times.ts'

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

/** Looks at once, each second, and when the certificate or the responder is replaced. */
export function followStaple({ credentials, now }: Pick<Gate, 'credentials' | 'now'>, logger: Logger): Staple & Looks {
  let held: Held | undefined
  const times = new RefreshTimes(now)
  const stop = new AbortController()

  const lookOnce = async () => {
    const { identity, responder: url } = credentials.current
    const { certificate } = identity
    // What another responder said goes out no more.
    if (url !== held?.responder) held = undefined
    const key = url === undefined ? undefined : `${url} ${certificate.fingerprint256}`
    times.retain(new Set(key === undefined ? [] : [key]))
    if (url === undefined || key === undefined || !times.isDue(key)) return
    await times.fetch(
      key,
      { refresh: USUAL_REFRESH, retry: RETRY },
      () => ask(url, certificate),
      ({ code, detail }, wait) => {
        if (stop.signal.aborted) return
        const again = `again in ${wait / 1000} s`
        const line = `the status of our own certificate, ${nameOf(certificate)}, is not known: ${detail}; ${again}`
        logger.warn({ code, url }, line)
      },
    )
  }

  const ask = async (url: string, leaf: Identity['certificate']): Promise<number> => {
    const { octets, status } = await askResponder(url, questionOf(leaf), { now, signal: stop.signal })
    const { nextUpdate, revoked } = status
    // A revoked status is sent, too: the client must know it.
    held = { responder: url, certificate: leaf.raw, octets, nextUpdate }
    if (revoked !== undefined)
      logger.error({ code: 'certificate-revoked', url }, `our own certificate, ${nameOf(leaf)}, is revoked`)
    // Half of its time is left for tries that fail.
    return (now().getTime() + nextUpdate) / 2
  }

  /** One that is in use was checked: its issuer stands in `ca.crt`. */
  const questionOf = (leaf: Identity['certificate']) => {
    const issuer = findIssuer(leaf, credentials.current.trust)
    if (issuer === undefined) throw new Fault('configuration', 'expected the CA of receiver.crt in ca.crt, found none')
    return { leaf, issuer }
  }

  const looks = lookEachSecond(lookOnce, stop)
  const stopFollowing = credentials.onReplaced(() => void looks.look())
  return {
    answerFor(certificate) {
      const isGood =
        held?.certificate.equals(certificate) === true &&
        held.responder === credentials.current.responder &&
        now().getTime() <= held.nextUpdate
      return isGood ? held!.octets : null
    },
    look: looks.look,
    close() {
      stopFollowing()
      return looks.close()
    },
  }
}

function nameOf({ subject, fingerprint256 }: Identity['certificate']): string {
  return `${quote(subject)} (SHA-256 ${fingerprint256})`
}
