// `pki gen`: options in, files and a summary out.
import { isIP } from 'node:net'
import { type Command, Fault, openOutput, quote, resolveUserPath } from '@seg/core'
import { isGatewayId } from './check-certificate.ts'
import { type GeneratedFile, type GenerateOptions, generate } from './generate.ts'
import { isKeyKind, type KeyKind, keyKinds } from './key-pairs.ts'

type Options = {
  readonly out: string
  readonly key: KeyKind
  readonly senderId: string
  readonly receiverId: string
  readonly host?: readonly string[]
  readonly days: number
  readonly force?: boolean
}

export async function runGen({ host, out, ...options }: Options, command: Command): Promise<void> {
  const output = openOutput(command)
  const request: GenerateOptions = { ...options, out: resolveUserPath(out), ...(host && { hosts: host }) }
  const files = await generate(request)
  const summary = files.map(({ path, title, certificate }) => ({
    path,
    title,
    ...(certificate && { fingerprint: certificate.fingerprint256 }),
  }))
  output.report({ ok: true, files: summary }, [...files.map(describe), '', advice].join('\n'))
}

const advice = `Keys are readable by you alone and stay on this machine. Next:
  pnpm --filter receiver start
  pnpm --filter sender send sample_document.xml`

function describe({ path, title, certificate }: GeneratedFile): string {
  return certificate === undefined ? `${path}  ${title}` : `${path}  ${title}, SHA-256 ${certificate.fingerprint256}`
}

export function parseKeyKind(text: string): KeyKind {
  if (!isKeyKind(text)) throw new Fault('usage', `--key is one of ${Object.keys(keyKinds).join(', ')}, not ${quote(text)}`)
  return text
}

export function parseName(text: string): string {
  if (!isGatewayId(text)) throw new Fault('usage', `an id is 1 to 128 printable characters without space at either end, not ${quote(text)}`)
  return text
}

export function addHost(text: string, hosts: readonly string[] = []): string[] {
  const isName = /^(?=.{1,253}$)[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/.test(text)
  if (isIP(text) === 0 && !isName) throw new Fault('usage', `--host is a host name or an IP address, not ${quote(text)}`)
  return [...hosts, text]
}

export function parseDays(text: string): number {
  const days = Number(text)
  if (!/^\d{1,4}$/.test(text) || days < 1 || days > 3650) throw new Fault('usage', `--days is a number from 1 to 3650, not ${quote(text)}`)
  return days
}
