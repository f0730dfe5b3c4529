// Set-ups for `diagnose`: a folder that is right, broken in one way.
import { execFile } from 'node:child_process'
import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import type { CheckResult } from '../../packages/core/src/diagnosis.ts'
import { shellWord } from '../../packages/core/src/shown-text.ts'
import { subjectAltName } from '../../packages/pki/src/issuing/certificate-der.ts'
import { generate } from '../../packages/pki/src/issuing/generate.ts'
import { revoke } from '../../packages/pki/src/revocation/revoke.ts'
import {
  extensions,
  type Keys,
  leafExtensions,
  makeOdd,
  type signings,
} from '../../packages/pki/src/testing/odd-certificate.ts'
import { root } from '../support/commands.ts'

export const senderId = 'MINISTRY 1_SEG01'
export const receiverId = 'MINISTRY 2_SEG01'
export const DAY = 86_400_000

export async function makeFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'seg-diagnose-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export async function makeCerts(t: Test): Promise<string> {
  const out = join(await makeFolder(t), 'certs')
  await generate({ out, key: 'ec-p256', senderId, receiverId, hosts: ['localhost', '127.0.0.1', '::1'] })
  return out
}

export async function copyCerts(t: Test, from: string): Promise<string> {
  const certs = join(await makeFolder(t), 'certs')
  await cp(from, certs, { recursive: true, preserveTimestamps: true })
  return certs
}

type Profile = 'sender' | 'receiver' | 'seal' | 'console'
type Odd = {
  readonly profile?: Profile
  readonly subject?: string
  readonly keys?: Keys
  readonly signing?: (typeof signings)[keyof typeof signings]
  /** Days from now. */
  readonly from?: number
  readonly to?: number
  readonly withoutPurpose?: true
  readonly hosts?: readonly string[]
}

/** Replaces `NAME.crt` and `NAME.key` by what the CA in `certs` issues now, one thing wrong. */
export async function reissue(certs: string, name: Profile, odd: Odd = {}): Promise<void> {
  const ca = new X509Certificate(await readFile(join(certs, 'ca.crt')))
  const privateKey = createPrivateKey(await readFile(join(certs, 'ca.key')))
  const { profile = name, subject = name === 'sender' ? senderId : receiverId, from = -1, to = 100 } = odd
  const { hosts = name === 'receiver' || name === 'console' ? ['localhost'] : [] } = odd
  const keys = odd.keys ?? generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const addresses = name === 'receiver' && odd.hosts === undefined ? [Buffer.of(127, 0, 0, 1)] : []
  const names = extensions.other('2.5.29.17', false, subjectAltName(hosts, addresses))
  const usual = odd.withoutPurpose ? [extensions.noCa, extensions.usage(0)] : leafExtensions(profile)
  const certificate = makeOdd({
    subject,
    keys,
    issuer: { name: String(ca.toLegacyObject().subject.CN), keys: { privateKey, publicKey: ca.publicKey } },
    extensions: hosts.length > 0 ? [...usual, names] : usual,
    notBefore: new Date(Date.now() + from * DAY),
    notAfter: new Date(Date.now() + to * DAY),
    ...(odd.signing && { signing: odd.signing }),
  })
  await writeFile(join(certs, `${name}.crt`), certificate.toString())
  await writeKey(certs, name, keys.privateKey)
}

export function writeKey(certs: string, name: string, key: KeyObject): Promise<void> {
  return writeFile(join(certs, `${name}.key`), key.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
}

/** What is expected of the first thing that is wrong. */
export type Expected = {
  readonly id: string
  readonly status?: 'failure' | 'warning'
  readonly cause: RegExp
  readonly command: RegExp
  /** The command alone makes it right. */
  readonly isEnough?: true
}

export function checkFirst(
  t: Test,
  results: readonly CheckResult[],
  { id, status = 'failure', cause, command }: Expected,
) {
  const failures = results.filter(result => result.status === 'failure')
  const warnings = results.filter(result => result.status === 'warning')
  const first = failures[0] ?? warnings[0]
  t.match(first, { id, status, cause, command })
  t.notMatch(JSON.stringify(results), /PRIVATE KEY|BEGIN /, 'nothing of a file is quoted')
  return first?.command ?? ''
}

/** Runs a command that `diagnose` named, as somebody who pastes it would. */
export async function runAdvised(command: string): Promise<void> {
  const seg = [process.execPath, join(root, 'seg.ts')].map(shellWord).join(' ')
  await promisify(execFile)('sh', ['-ec', command.replace('pnpm --filter', seg)])
}

/** Puts `NAME.crt` on the list of its CA. */
export async function revokeOwn(certs: string, name: Profile): Promise<void> {
  const target = new X509Certificate(await readFile(join(certs, `${name}.crt`)))
  await revoke({ certs, ca: 'ca', target, reason: 'superseded', days: 397, now: new Date() })
}
