// `pki gen`: options in, files and a summary out.
import { isIP } from 'node:net'
import { basename } from 'node:path'
import { type Command, Fault, openOutput, quote, readSettings, resolveUserPath, shellWord } from '@seg/core'
import { isIssuableId, LONGEST_COMMON_NAME } from '../certificate/gateway-id.ts'
import { type GeneratedFile, type GenerateOptions, generate } from '../issuing/generate.ts'
import { isKeyKind, type KeyKind, keyKinds } from '../issuing/key-pairs.ts'
import { type EncryptOptions, readEncryption } from './encrypt-options.ts'

type Options = {
  readonly out?: string
  readonly key?: KeyKind
  readonly senderId: string
  readonly receiverId: string
  readonly host?: readonly string[]
  readonly days: number
  readonly intermediate?: boolean
  readonly force?: boolean
} & EncryptOptions

export async function runGen(
  { host, out, key, senderId, receiverId, days, intermediate = false, force = false, ...encryption }: Options,
  command: Command,
): Promise<void> {
  const passphrase = await readEncryption(encryption)
  const folder = out === undefined ? readSettings(command, ['certs']).certs : resolveUserPath(out)
  const request: GenerateOptions = {
    out: folder,
    senderId,
    receiverId,
    days,
    hasIntermediate: intermediate,
    force,
    ...(key && { key }),
    ...(host && { hosts: host }),
    ...(passphrase && { passphrase }),
  }
  const { files, kept } = await generate(request)
  const summary = files.map(({ path, title, certificate }) => ({
    path,
    title,
    ...(certificate && { fingerprint: certificate.fingerprint256 }),
  }))
  const isUsual = out === undefined && command.getOptionValueSource('certs') !== 'cli'
  const text = [
    `In ${folder}:`,
    ...files.map(describe),
    ...(kept === undefined ? [] : [`What was there before is kept in ${kept}`]),
    '',
    advise(isUsual ? '' : ` --certs ${shellWord(folder)}`),
  ].join('\n')
  openOutput(command).report({ ok: true, files: summary, kept: kept ?? null }, text)
}

/** What to type next; the settings find the files unless a flag of this run put them elsewhere. */
function advise(flag: string): string {
  return `Keys are readable by you alone; keep them on the machine that uses them. Next:
  pnpm --filter receiver start${flag}
  pnpm --filter sender send sample_document.xml${flag}`
}

function describe({ path, title, certificate }: GeneratedFile): string {
  const line = `  ${basename(path).padEnd(14)}${title}`
  return certificate === undefined ? line : `${line}\n${' '.repeat(16)}SHA-256 ${certificate.fingerprint256}`
}

export function parseKeyKind(text: string): KeyKind {
  if (!isKeyKind(text))
    throw new Fault('usage', `--key is one of ${Object.keys(keyKinds).join(', ')}, not ${quote(text)}`)
  return text
}

export function parseName(text: string): string {
  if (!isIssuableId(text))
    throw new Fault(
      'usage',
      `an id in a certificate is 1 to ${LONGEST_COMMON_NAME} printable characters ` +
        `(the bound of X.520 on a common name) without space at either end, not ${quote(text)}`,
    )
  return text
}

export function addHost(text: string, hosts: readonly string[] = []): string[] {
  const isName =
    /^(?=.{1,253}$)[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/.test(
      text,
    )
  // A zone (fe80::1%eth0) means something on one machine only, and a certificate has no place for
  // it.
  const isAddress = isIP(text) !== 0 && !text.includes('%')
  if (!isAddress && !isName) throw new Fault('usage', `--host is a host name or an IP address, not ${quote(text)}`)
  return [...hosts, text]
}
