// Our own certificates while the receiver runs: without a seal in date nothing is accepted, and the
// log warns before one of them ends.
import type { X509Certificate } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import { checkCertificate, DAY, expiryStage, FAR, latestOfEach, NOT_YET, OVER } from '@seg/pki'
import type { Credentials, LiveCredentials } from './credentials/live-credentials.ts'
import type { Gate } from './gate.ts'
import type { Logger } from './logger.ts'

/**
 * A receipt of this time would be believed. Throws the Fault `seal-unavailable`: a document without
 * a receipt is not ours.
 */
export function checkSeal({ seal, trust }: Pick<Credentials, 'seal' | 'trust'>, at: Date): void {
  try {
    checkCertificate(seal.certificate, 'seal', trust, at)
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause
    throw new Fault('seal-unavailable', `seal.crt: ${cause.detail}; nothing is accepted until it is renewed`, { cause })
  }
}

/** Whether a receipt of this time would be believed. */
export function canSeal(credentials: Pick<Credentials, 'seal' | 'trust'>, at: Date): boolean {
  try {
    checkSeal(credentials, at)
    return true
  } catch {
    return false
  }
}

/**
 * Milliseconds between two checks. Each compares dates again, so neither a clock that jumps nor a
 * long uptime matters.
 */
const LOOK_INTERVAL = 3_600_000

type Watched = { readonly file: string; readonly certificate: X509Certificate }

/** Looks at once, every hour, and at what replaces them; `close` ends that. */
export function watchOwnCertificates({ credentials, now }: Pick<Gate, 'credentials' | 'now'>, logger: Logger) {
  const look = openExpiryLook(credentials, logger)
  look(now())
  const stopFollowing = credentials.onReplaced(() => look(now()))
  const timer = setInterval(() => look(now()), LOOK_INTERVAL)
  timer.unref()
  return {
    close() {
      clearInterval(timer)
      stopFollowing()
    },
  }
}

/**
 * Logs what is new since the last check: each warning once, unless the clock went back in between.
 */
export function openExpiryLook(live: Pick<LiveCredentials, 'current'>, logger: Logger): (now: Date) => void {
  let logged = new Map<string, number>()
  return now => {
    const stages = new Map<string, number>()
    for (const one of watchedOf(live.current)) {
      const name = `${one.file} ${one.certificate.fingerprint256}`
      const stage = expiryStage(one.certificate, now.getTime())
      if (stage !== logged.get(name) && stage !== FAR) logStage(one, stage, now, logger)
      stages.set(name, stage)
    }
    logged = stages
  }
}

function watchedOf({ identity, seal, trust }: Pick<Credentials, 'identity' | 'seal' | 'trust'>): Watched[] {
  return [
    { file: 'receiver.crt', certificate: identity.certificate },
    { file: 'seal.crt', certificate: seal.certificate },
    ...latestOfEach(trust.authorities.map(({ certificate }) => certificate)).map(certificate => ({
      file: 'ca.crt',
      certificate,
    })),
  ]
}

function logStage({ file, certificate }: Watched, stage: number, now: Date, logger: Logger): void {
  const [from, to] = [certificate.validFromDate.getTime(), certificate.validToDate.getTime()]
  const name = `${file} (${quote(certificate.subject)})`
  const facts = { file, notAfter: new Date(to).toISOString() }
  if (stage === NOT_YET) logger.warn(facts, `${name} is not valid before ${new Date(from).toISOString()}`)
  else if (stage === OVER) logger.error(facts, `${name} expired at ${facts.notAfter}: renew it (docs/pki.md)`)
  else {
    const days = Math.floor((to - now.getTime()) / DAY)
    logger.warn(
      facts,
      `${name} expires at ${facts.notAfter}, in ${days} day${days === 1 ? '' : 's'}: renew it (docs/pki.md)`,
    )
  }
}
