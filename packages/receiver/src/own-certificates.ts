// Our own certificates while the receiver runs: without a seal in date nothing is accepted, and the
// log warns before one of them ends.
import type { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { amount, Fault, quote, readInput } from '@seg/core'
import { checkCertificate, DAY, expiryStage, FAR, latestOfEach, NOT_YET, OVER, parseCertificate } from '@seg/pki'
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

/** Undefined: there is none. */
export type ReadConsoleCertificate = () => X509Certificate | undefined

/**
 * That of the operators' listener as it lies in the folder: no document depends on it, and why it
 * cannot be read is reported where the listener is opened.
 */
export function consoleCertificateOf(certs: string, adminPort: number | 'auto' | 'off'): ReadConsoleCertificate {
  const path = join(certs, 'console.crt')
  return () => {
    if (adminPort === 'off') return undefined
    try {
      return parseCertificate(path, readInput(path, { onlyFile: true }).toString('utf8'))
    } catch {
      return undefined
    }
  }
}

/** Looks at once, every hour, and at what replaces them; `close` ends that. */
export function watchOwnCertificates(
  { credentials, now }: Pick<Gate, 'credentials' | 'now'>,
  readConsole: ReadConsoleCertificate,
  logger: Logger,
) {
  const look = openExpiryLook(credentials, readConsole, logger)
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
export function openExpiryLook(
  live: Pick<LiveCredentials, 'current'>,
  readConsole: ReadConsoleCertificate,
  logger: Logger,
): (now: Date) => void {
  let logged = new Map<string, number>()
  return now => {
    const stages = new Map<string, number>()
    for (const one of watchedOf(live.current, readConsole())) {
      const name = `${one.file} ${one.certificate.fingerprint256}`
      const stage = expiryStage(one.certificate, now.getTime())
      if (stage !== logged.get(name) && stage !== FAR) logStage(one, stage, now, logger)
      stages.set(name, stage)
    }
    logged = stages
  }
}

function watchedOf(
  { identity, seal, trust }: Pick<Credentials, 'identity' | 'seal' | 'trust'>,
  ofConsole: X509Certificate | undefined,
): Watched[] {
  return [
    { file: 'receiver.crt', certificate: identity.certificate },
    { file: 'seal.crt', certificate: seal.certificate },
    ...(ofConsole === undefined ? [] : [{ file: 'console.crt', certificate: ofConsole }]),
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
    logger.warn(facts, `${name} expires at ${facts.notAfter}, in ${amount(days, 'day')}: renew it (docs/pki.md)`)
  }
}
