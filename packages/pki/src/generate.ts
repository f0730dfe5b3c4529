// `pki gen`: everything two gateways need for a first exchange, in one folder.
import { randomBytes, type X509Certificate } from 'node:crypto'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, writeDurableFile } from '@seg/core'
import { type Issuer, issueCertificate } from './issue.ts'
import { exportPrivateKey, type KeyKind, type KeyPair, keyKinds } from './key-pairs.ts'
import { makeLogKey } from './log-key.ts'
import { type Profile, profiles } from './profiles.ts'

export type GenerateOptions = {
  /** Folder for the files. */
  readonly out: string
  readonly key?: KeyKind
  readonly senderId?: string
  readonly receiverId?: string
  /** Host names and addresses of the receiver. */
  readonly hosts?: readonly string[]
  /** Days that certificates other than the CA's are good for. */
  readonly days?: number
  /** Overwrites what is there. */
  readonly force?: boolean
  readonly now?: Date
}

/** A file that was written: keys have no certificate. */
export type GeneratedFile = { readonly path: string; readonly title: string; readonly certificate?: X509Certificate }

export const generateDefaults = {
  key: 'rsa-3072',
  senderId: 'MINISTRY 1_SEG01',
  receiverId: 'MINISTRY 2_SEG01',
  hosts: ['localhost', '127.0.0.1', '::1'],
  days: 397,
} as const satisfies Omit<GenerateOptions, 'out'>

const CA_DAYS = 3650
const DAY = 24 * 60 * 60 * 1000
/** Clocks of partners may be a little behind. */
const BACKDATE = 5 * 60 * 1000

type NewFile = GeneratedFile & { readonly text: string; readonly mode: number }

/** Makes keys and certificates. Throws the Fault `file-exists`, with nothing written, when a file is there already and `force` is not given. */
export async function generate(options: GenerateOptions): Promise<GeneratedFile[]> {
  const { out, force = false } = options
  const files = await makeFiles(options)
  if (!force) await refuseExisting(files.map(file => join(out, file.path)))
  for (const { path, text, mode } of files) await writeDurableFile(join(out, path), text, { mode, replace: force })
  return files.map(({ text: _text, mode: _mode, ...file }) => ({ ...file, path: join(out, file.path) }))
}

async function makeFiles(options: GenerateOptions): Promise<NewFile[]> {
  const { key, senderId, receiverId, hosts, days, now = new Date() } = { ...generateDefaults, ...options }
  const makeKeys = keyKinds[key]
  const ca: Issuer = { name: `SEG root CA ${randomBytes(4).toString('hex')}`, keys: await makeKeys() }
  const notBefore = new Date(now.getTime() - BACKDATE)
  const issue = (profile: Profile, name: string, keys: KeyPair, alternativeNames: readonly string[] = []) => {
    const notAfter = new Date(now.getTime() + (profile === 'ca' ? CA_DAYS : days) * DAY)
    return fileCertificate(profile, issueCertificate({ profile, name, keys, notBefore, notAfter, hosts: alternativeNames }, ca), keys)
  }
  return [
    ...issue('ca', ca.name, ca.keys),
    ...issue('sender', senderId, await makeKeys()),
    ...issue('receiver', receiverId, await makeKeys(), hosts),
    // A seal signs a receipt for each document: P-256 does that 36 times faster than RSA-3072.
    ...issue('seal', receiverId, await keyKinds['ec-p256']()),
    ...fileLogKey(receiverId),
  ]
}

function fileCertificate(profile: Profile, certificate: X509Certificate, keys: KeyPair): NewFile[] {
  const { title } = profiles[profile]
  return [
    { path: `${profile}.crt`, title, certificate, text: certificate.toString(), mode: 0o644 },
    { path: `${profile}.key`, title: `its private key`, text: exportPrivateKey(keys.privateKey), mode: 0o600 },
  ]
}

function fileLogKey(receiverId: string): NewFile[] {
  const { privateKey, verifierKey } = makeLogKey(receiverId)
  return [
    { path: 'log.key', title: "private key of the receiver's log (signs checkpoints)", text: privateKey, mode: 0o600 },
    { path: 'log.pub', title: 'its verifier key (C2SP signed note)', text: `${verifierKey}\n`, mode: 0o644 },
  ]
}

async function refuseExisting(paths: readonly string[]): Promise<void> {
  const existing: string[] = []
  for (const path of paths) if (await isThere(path)) existing.push(path)
  if (existing.length === 0) return
  throw new Fault(
    'file-exists',
    `nothing was written, because these exist already: ${existing.join(', ')}; keep them, choose another --out, or give --force to replace all`,
  )
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch {
    return false
  }
}
