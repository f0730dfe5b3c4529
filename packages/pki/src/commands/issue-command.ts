// `pki csr`, `pki issue` and `pki renew`: options in, the files that were made and what to do with
// them out.
import { type Command, Fault, openOutput, quote, readSettings, resolveUserPath } from '@seg/core'
import { issueFiles, makeCsr, renewFiles } from '../issuing/issue-files.ts'
import type { KeyKind } from '../issuing/key-pairs.ts'
import { type Profile, profiles } from '../issuing/profiles.ts'
import { type EncryptOptions, readEncryption } from './encrypt-options.ts'

type CsrOptions = {
  readonly profile: Profile
  readonly id: string
  readonly host?: readonly string[]
  readonly key?: KeyKind
  readonly out: string
} & EncryptOptions

export async function runCsr(
  { profile, id, host = [], key, out, ...encryption }: CsrOptions,
  command: Command,
): Promise<void> {
  const path = resolveUserPath(out)
  const passphrase = await readEncryption(encryption)
  const made = await makeCsr({
    ...{ profile, id, hosts: host, out: path },
    ...(key && { key }),
    ...(passphrase && { passphrase }),
  })
  const text = [
    `${made.csr} is the request; ${made.key} is its key${made.isNewKey ? '' : ', which was there'}.`,
    'The key stays on this machine. Give the request to the CA, which issues with',
    `  pnpm --filter pki issue --profile ${profile} --csr FILE --out PREFIX`,
  ].join('\n')
  openOutput(command).report({ ok: true, ...made }, text)
}

type IssueOptions = Partial<Omit<CsrOptions, 'profile' | 'out'>> & {
  readonly profile: Profile
  readonly csr?: string
  readonly ca: string
  readonly days: number
  readonly out: string
}

export async function runIssue(
  { profile, id, csr, ca, host = [], key, days, out, ...encryption }: IssueOptions,
  command: Command,
): Promise<void> {
  if (csr !== undefined && (key !== undefined || encryption.encrypt))
    throw new Fault('usage', 'a request has its key: leave --key and --encrypt out')
  const passphrase = await readEncryption(encryption)
  const { certs } = readSettings(command, ['certs'])
  const { certificate, ...paths } = await issueFiles({
    certs,
    ca,
    profile,
    hosts: host,
    days,
    out: resolveUserPath(out),
    now: new Date(),
    ...(id !== undefined && { id }),
    ...(csr !== undefined && { csr: resolveUserPath(csr) }),
    ...(key && { key }),
    ...(passphrase && { passphrase }),
  })
  const text = [
    `${paths.path}: ${profiles[profile].title}, until ${certificate.validToDate.toISOString()}`,
    `  SHA-256 ${certificate.fingerprint256}`,
    ...(paths.key === undefined ? [] : [`${paths.key}: its key, readable by you alone; move it to where it is used`]),
  ].join('\n')
  openOutput(command).report({ ok: true, ...describe(certificate), path: paths.path, key: paths.key ?? null }, text)
}

type RenewOptions = { readonly newKey?: boolean; readonly ca: string; readonly days: number } & EncryptOptions

export async function runRenew(
  name: string,
  { newKey = false, ca, days, ...encryption }: RenewOptions,
  command: Command,
): Promise<void> {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$/.test(name) || name.endsWith('.crt'))
    throw new Fault(
      'usage',
      `expected the name of NAME.crt in the folder of --certs, such as sender, not ${quote(name)}`,
    )
  if (encryption.encrypt && !newKey) throw new Fault('usage', '--encrypt is for a new key: give --new-key as well')
  const { certs } = readSettings(command, ['certs'])
  const passphrase = await readEncryption(encryption)
  const { certificate, before, path, kept } = await renewFiles({
    ...{ certs, ca, name, newKey, days, now: new Date() },
    ...(passphrase && { passphrase }),
  })
  const text = [
    `${path} is renewed until ${certificate.validToDate.toISOString()}, ` +
      `under ${newKey ? 'a new key' : 'the same key'}.`,
    `  SHA-256 ${certificate.fingerprint256}`,
    `The one before is in ${kept}, and is good until ${before.validToDate.toISOString()}.`,
  ].join('\n')
  openOutput(command).report(
    { ok: true, ...describe(certificate), path, kept, before: before.validToDate.toISOString() },
    text,
  )
}

function describe(certificate: {
  readonly fingerprint256: string
  readonly validToDate: Date
  readonly serialNumber: string
}) {
  return {
    fingerprint: certificate.fingerprint256,
    serial: certificate.serialNumber.toLowerCase(),
    notAfter: certificate.validToDate.toISOString(),
  }
}

export function parseProfile(text: string): Profile {
  if (!Object.hasOwn(profiles, text))
    throw new Fault('usage', `--profile is one of ${Object.keys(profiles).join(', ')}, not ${quote(text)}`)
  return text as Profile
}
