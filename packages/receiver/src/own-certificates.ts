// Our own certificates while the receiver runs: without a seal in date nothing is accepted, and the
// log warns before one of them ends.
import type { X509Certificate } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import { checkCertificate } from '@seg/pki'
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

/** Days before the end of a certificate at which the log warns. */
const WARNING_DAYS = [60, 30, 14, 7, 1]
const DAY = 86_400_000
/**
 * Milliseconds between two looks. Each compares dates anew, so neither a clock that jumps nor a
 * long uptime matters.
 */
const LOOK_INTERVAL = 3_600_000

type Watched = {
  readonly file: string
  readonly certificate: X509Certificate
  readonly from: number
  readonly to: number
}

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
 * Logs what is new since the look before: each warning once, unless the clock went back in between.
 */
export function openExpiryLook(live: Pick<LiveCredentials, 'current'>, logger: Logger): (now: Date) => void {
  let logged = new Map<string, number>()
  return now => {
    const stages = new Map<string, number>()
    for (const one of watchedOf(live.current)) {
      const name = `${one.file} ${one.certificate.fingerprint256}`
      const stage = stageOf(one, now.getTime())
      if (stage !== logged.get(name) && stage !== NOTHING) logStage(one, stage, now, logger)
      stages.set(name, stage)
    }
    logged = stages
  }
}

function watchedOf({ identity, seal, trust }: Pick<Credentials, 'identity' | 'seal' | 'trust'>): Watched[] {
  return [
    watch('receiver.crt', identity.certificate),
    watch('seal.crt', seal.certificate),
    ...latestOfEach(trust.authorities.map(({ certificate }) => watch('ca.crt', certificate))),
  ]
}

function watch(file: string, certificate: X509Certificate): Watched {
  const { validFromDate, validToDate } = certificate
  return { file, certificate, from: validFromDate.getTime(), to: validToDate.getTime() }
}

/** Of CA certificates with one name and key, the one that ends last: the others were renewed. */
function latestOfEach(authorities: readonly Watched[]): Watched[] {
  return authorities.filter(one => !authorities.some(other => other.to > one.to && isSameAuthority(one, other)))
}

function isSameAuthority({ certificate: a }: Watched, { certificate: b }: Watched): boolean {
  return a.subject === b.subject && a.publicKey.equals(b.publicKey)
}

const NOTHING = Number.POSITIVE_INFINITY
const OVER = 0
const NOT_YET = -1

/** The least of the days in WARNING_DAYS that are not less than those left. */
function stageOf({ from, to }: Watched, now: number): number {
  if (!(from <= now)) return NOT_YET
  if (!(now <= to)) return OVER
  return WARNING_DAYS.filter(days => to - now <= days * DAY).at(-1) ?? NOTHING
}

function logStage({ file, certificate, from, to }: Watched, stage: number, now: Date, logger: Logger): void {
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
