// What is not wrong with our own certificates yet: ends that come near, as `diagnose` says them.
import type { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { quote, shellWord, type Trouble } from '@seg/core'
import { DAY, expiryStage, FAR, latestOfEach, NOT_YET, OVER } from './certificate/expiry.ts'
import type { Trust } from './trust.ts'

/** At the stages at which the log warns as well. */
export function expiryWarnings(file: string, certificate: X509Certificate, now: Date, command: string): Trouble[] {
  const stage = expiryStage(certificate, now.getTime())
  const { subject, validFromDate, validToDate } = certificate
  const name = `${file} (${quote(subject)})`
  if (stage === FAR) return []
  if (stage === NOT_YET)
    return [{ cause: `${name} is not valid before ${show(validFromDate)}; it is ${show(now)}`, command: 'timedatectl' }]
  if (stage === OVER) return [{ cause: `${name} expired at ${show(validToDate)}; it is ${show(now)}`, command }]
  const days = Math.floor((validToDate.getTime() - now.getTime()) / DAY)
  return [{ cause: `${name} expires at ${show(validToDate)}, in ${days} day${days === 1 ? '' : 's'}`, command }]
}

/** Of the CAs in ca.crt. */
export function caWarnings({ authorities }: Trust, certs: string, now: Date): Trouble[] {
  const command = `pnpm --filter pki inspect ${shellWord(join(certs, 'ca.crt'))}`
  const certificates = latestOfEach(authorities.map(({ certificate }) => certificate))
  return certificates.flatMap(certificate => expiryWarnings('ca.crt', certificate, now, command))
}

function show(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'no date' : date.toISOString()
}
