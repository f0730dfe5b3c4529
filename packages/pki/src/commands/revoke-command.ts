// `pki revoke`: a certificate or a serial number in, the new list and its number out.
import type { X509Certificate } from 'node:crypto'
import { type Command, Fault, openOutput, quote, readSettings, resolveUserPath, shellWord } from '@seg/core'
import { readCertificates } from '../pem-file.ts'
import { parseSerial, type ReasonName, reasons, revoke } from '../revocation/revoke.ts'

type Options = { readonly reason: ReasonName; readonly days: number; readonly ca: string }

export async function runRevoke(
  argument: string | undefined,
  { reason, days, ca }: Options,
  command: Command,
): Promise<void> {
  const { certs } = readSettings(command, ['certs'])
  const target = argument === undefined ? undefined : await readTarget(argument)
  const done = await revoke({ certs, ca, reason, days, now: new Date(), ...(target && { target }) })
  const { path, number, count, nextUpdate, serial, isNew } = done
  const what =
    serial === undefined ? 'the list is renewed' : isNew ? `${serial} is revoked` : `${serial} was revoked before`
  const text = [
    `${what}; ${path} has the number ${number} and ${count} revoked certificates`,
    `The next list is due by ${nextUpdate.toISOString()}: \`${describeRenewal(command, ca, certs)}\` renews it.`,
    'Give this file to every gateway that relies on this CA.',
  ].join('\n')
  openOutput(command).report(
    {
      ok: true,
      path,
      number: String(number),
      count,
      nextUpdate: nextUpdate.toISOString(),
      serial: serial ?? null,
      isNew,
    },
    text,
  )
}

/** Of the list of this CA in this folder. */
function describeRenewal(command: Command, ca: string, certs: string): string {
  const ofCa = ca === 'ca' ? '' : ` --ca ${ca}`
  const elsewhere = command.getOptionValueSource('certs') === 'cli' ? ` --certs ${shellWord(certs)}` : ''
  return `pnpm --filter pki revoke${ofCa}${elsewhere}`
}

/** A file is looked for first. */
async function readTarget(argument: string): Promise<X509Certificate | Buffer> {
  try {
    const [certificate] = await readCertificates(resolveUserPath(argument))
    return certificate
  } catch (cause) {
    if (!(cause instanceof Fault) || cause.code !== 'file-unreadable') throw cause
    const serial = parseSerial(argument)
    if (serial !== undefined) return serial
    throw new Fault(
      'file-unreadable',
      `${quote(argument)} is neither a certificate (${cause.detail}) nor a serial number in hexadecimal`,
      { cause },
    )
  }
}

export function parseReason(text: string): ReasonName {
  if (!Object.hasOwn(reasons, text))
    throw new Fault('usage', `--reason is one of ${Object.keys(reasons).join(', ')}, not ${quote(text)}`)
  return text as ReasonName
}

/** The files of a CA: a name without a path, so that nothing outside the folder is touched. */
export function parseCaName(text: string): string {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$/.test(text))
    throw new Fault('usage', `--ca is the name of NAME.crt and NAME.key in the folder of --certs, not ${quote(text)}`)
  return text
}
