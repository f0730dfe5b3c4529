// `pki inspect`: certificates for people, or as JSON.
import { styleText } from 'node:util'
import { amount, type Command, openOutput, quote, readSettings, resolveUserPath } from '@seg/core'
import { type InspectedCertificate, inspect, RENEW_WITHIN_DAYS } from './inspect.ts'

export async function runInspect(argument: string | undefined, _options: object, command: Command): Promise<void> {
  const path = argument === undefined ? readSettings(command, ['certs']).certs : resolveUserPath(argument)
  const certificates = await inspect(path, new Date())
  const text =
    certificates.length === 0
      ? `no certificates in ${path}; \`pnpm --filter pki gen\` makes some`
      : certificates.map(describe).join('\n\n')
  openOutput(command).report({ certificates }, text)
}

function describe(certificate: InspectedCertificate): string {
  const { file, id, profile, key, notAfter, fingerprint } = certificate
  return (
    `${file}\n  id ${quote(id)}, profile ${profile}, key ${key}\n` +
    `  ${describeEnd(certificate)} (${notAfter})\n  SHA-256 ${fingerprint}`
  )
}

function describeEnd({ daysLeft }: InspectedCertificate): string {
  if (daysLeft < 0) return styleText(['bold', 'red'], `EXPIRED ${countDays(-daysLeft)} ago`)
  if (daysLeft < RENEW_WITHIN_DAYS) return styleText(['bold', 'yellow'], `EXPIRES SOON: ${countDays(daysLeft)} left`)
  return `${countDays(daysLeft)} left`
}

function countDays(days: number): string {
  return amount(days, 'day')
}
