// `pki gen`: everything two gateways need for a first exchange, in one folder.
import { type KeyObject, randomBytes, type X509Certificate } from 'node:crypto'
import { lstat, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '@seg/core'
import { isIssuableId, LONGEST_COMMON_NAME } from '../certificate/gateway-id.ts'
import { makeLogKey } from '../log-key.ts'
import { makeCrlPem } from '../revocation/write-crl.ts'
import { type CertificateIssuer, issueCertificate } from './issue.ts'
import { keepFiles } from './keep-files.ts'
import { exportPrivateKey, type KeyKind, type KeyPair, keyKinds, signsXml } from './key-pairs.ts'
import { type Profile, profiles } from './profiles.ts'
import { writeCertsFile } from './write-certs-file.ts'

export type GenerateOptions = {
  /** Folder for the files. */
  readonly out: string
  /**
   * Of all keys with a choice; without it, RSA-3072 for CA and sender, and P-256 for the receiver.
   */
  readonly key?: KeyKind
  readonly senderId?: string
  readonly receiverId?: string
  /** Host names and addresses of the receiver. */
  readonly hosts?: readonly string[]
  /** Days that certificates other than the CA's are good for. */
  readonly days?: number
  /** Whether an intermediate CA issues: `ca.crt` then has its certificate and the root's. */
  readonly hasIntermediate?: boolean
  /** Replaces what is there, which is kept in a folder of its own. */
  readonly force?: boolean
  /** All keys are encrypted with it. */
  readonly passphrase?: Buffer
  readonly now?: Date
}

/** A file that was written: keys have no certificate. */
export type GeneratedFile = { readonly path: string; readonly title: string; readonly certificate?: X509Certificate }

export const generateDefaults = {
  senderId: 'MINISTRY 1_SEG01',
  receiverId: 'MINISTRY 2_SEG01',
  hosts: ['localhost', '127.0.0.1', '::1'],
  days: 397,
} as const satisfies Omit<GenerateOptions, 'out'>

/**
 * A receiver signs in each handshake, with any client: P-256 does that 36 times faster than
 * RSA-3072. CA and sender sign seldom, and the older clients and verifiers of partners support RSA.
 */
const usualKeys = { ca: 'rsa-3072', sender: 'rsa-3072', receiver: 'ec-p256' } as const satisfies Record<string, KeyKind>

const CA_DAYS = 3650
/** Until the first list is due, as the certificates are. */
export const CRL_DAYS = 397
const DAY = 24 * 60 * 60 * 1000
/** Clocks of partners may be a little behind. */
const BACKDATE = 5 * 60 * 1000

type NewFile = GeneratedFile & { readonly text: string }

export type Generated = {
  readonly files: readonly GeneratedFile[]
  /** The folder with what was there before. */
  readonly kept: string | undefined
}

/**
 * Makes keys and certificates. Throws the Fault `file-exists`, with nothing written, when a file is
 * there already and `force` is not given; `file-unreadable` when the folder cannot be written, or
 * what is there cannot be kept.
 */
export async function generate(options: GenerateOptions): Promise<Generated> {
  const { out, force = false, now = new Date() } = options
  const files = await makeFiles(options)
  const paths = files.map(file => file.path)
  if (!force) await refuseExisting(paths.map(path => join(out, path)))
  // Crash after: all that was there is in `kept` as well, and what is in its place is whole.
  // --force makes all again.
  const kept = force ? await keepFiles(out, paths, now) : undefined
  await writeFiles(out, files, force)
  return {
    files: files.map(({ text: _text, ...file }) => ({ ...file, path: join(out, file.path) })),
    kept,
  }
}

async function makeFiles(options: GenerateOptions): Promise<NewFile[]> {
  const { key, senderId, receiverId, hosts, days, now = new Date() } = { ...generateDefaults, ...options }
  for (const id of [senderId, receiverId]) checkIssuable(id)
  const makeKeys = (owner: keyof typeof usualKeys) => {
    // The sender's key signs documents.
    const isOf = key !== undefined && (owner !== 'sender' || signsXml(key))
    return keyKinds[isOf ? key : usualKeys[owner]]()
  }
  const { hasIntermediate = false, passphrase } = options
  const notBefore = new Date(now.getTime() - BACKDATE)
  const dates = (profile: Profile) => ({
    notBefore,
    notAfter: new Date(now.getTime() + (profile === 'ca' ? CA_DAYS : days) * DAY),
  })
  const root = makeCa(`SEG root CA ${randomBytes(4).toString('hex')}`, await makeKeys('ca'))
  const rootCertificate = issueCertificate(
    { ...root, profile: 'ca', pathLength: hasIntermediate ? 1 : 0, ...dates('ca') },
    root,
  )
  const ca = hasIntermediate ? makeCa(`SEG issuing CA ${randomBytes(4).toString('hex')}`, await makeKeys('ca')) : root
  const caCertificate = hasIntermediate
    ? issueCertificate({ ...ca, profile: 'ca', ...dates('ca') }, root)
    : rootCertificate
  const issue = (profile: Profile, name: string, keys: KeyPair, hostNames: readonly string[] = []) =>
    fileCertificate(
      profile,
      issueCertificate({ profile, name, keys, hosts: hostNames, ...dates(profile) }, ca),
      keys,
      passphrase,
    )
  const [caFile, ...caRest] = fileCertificate('ca', caCertificate, ca.keys, passphrase)
  return [
    // Both: what relies on it goes no further up than to the CA that issues.
    { ...caFile!, text: hasIntermediate ? `${caFile!.text}${rootCertificate}` : caFile!.text },
    ...caRest,
    ...(hasIntermediate ? fileRoot(rootCertificate, root.keys, passphrase) : []),
    fileCrl(caCertificate, ca.keys.privateKey, notBefore, now),
    ...issue('sender', senderId, await makeKeys('sender')),
    ...issue('receiver', receiverId, await makeKeys('receiver'), hosts),
    // A seal signs a receipt for each document: P-256 does that 36 times faster than RSA-3072.
    ...issue('seal', receiverId, await keyKinds['ec-p256']()),
    // No gateway's name: its key does not make its holder the receiver.
    ...issue('console', 'console', await keyKinds['ec-p256'](), [...new Set([...generateDefaults.hosts, ...hosts])]),
    ...fileLogKey(receiverId, passphrase),
  ]
}

function makeCa(name: string, keys: KeyPair): CertificateIssuer {
  return { name, keys }
}

/** The root: its key is needed again for the next issuing CA only. */
function fileRoot(certificate: X509Certificate, keys: KeyPair, passphrase?: Buffer): NewFile[] {
  return [
    { path: 'root.crt', title: 'root CA', certificate, text: certificate.toString() },
    { path: 'root.key', title: 'its private key', text: exportPrivateKey(keys.privateKey, passphrase) },
  ]
}

/** TypeError: the caller has checked the input. */
function checkIssuable(id: string): void {
  if (!isIssuableId(id)) throw new TypeError(`no id of at most ${LONGEST_COMMON_NAME} characters: ${id}`)
}

function fileCertificate(
  profile: Profile,
  certificate: X509Certificate,
  keys: KeyPair,
  passphrase?: Buffer,
): NewFile[] {
  const { title } = profiles[profile]
  return [
    { path: `${profile}.crt`, title, certificate, text: certificate.toString() },
    {
      path: `${profile}.key`,
      title: `its private key`,
      text: exportPrivateKey(keys.privateKey, passphrase),
    },
  ]
}

/** The list is empty, so that a gateway can require a list from the first day. */
function fileCrl(ca: X509Certificate, key: KeyObject, thisUpdate: Date, now: Date): NewFile {
  const nextUpdate = new Date(now.getTime() + CRL_DAYS * DAY)
  const text = makeCrlPem({ ca, key, number: 1n, thisUpdate, nextUpdate, revoked: [] })
  return { path: 'ca.crl', title: 'revocation list of the CA, empty', text }
}

function fileLogKey(receiverId: string, passphrase?: Buffer): NewFile[] {
  const { privateKey, verifierKey } = makeLogKey(receiverId, passphrase)
  return [
    { path: 'log.key', title: "private key of the receiver's log (signs checkpoints)", text: privateKey },
    { path: 'log.pub', title: 'its verifier key (C2SP signed note)', text: `${verifierKey}\n` },
  ]
}

async function refuseExisting(paths: readonly string[]): Promise<void> {
  const existing: string[] = []
  for (const path of paths) if (await isThere(path)) existing.push(path)
  if (existing.length > 0) throw fileExists(existing)
}

/** Whether the name is taken, be it by a link that leads nowhere. */
async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw fileUnreadable(path, cause)
  }
}

/**
 * A crash leaves whole files only, but maybe of two runs: certificates that do not belong together
 * are refused when they are loaded, and `--force` makes new files. A failure takes back what this
 * run added; what it replaced is kept.
 */
async function writeFiles(out: string, files: readonly NewFile[], force: boolean): Promise<void> {
  const written: string[] = []
  for (const { path: name, text } of files) {
    const path = join(out, name)
    try {
      await writeCertsFile(path, text, { replace: force })
      written.push(path)
    } catch (cause) {
      if (!force) await Promise.all(written.map(file => rm(file, { force: true })))
      const { code, syscall } = cause as NodeJS.ErrnoException
      // Another run was faster: the first file decides between the two.
      throw code === 'EEXIST' && syscall === 'link' ? fileExists([path]) : fileUnreadable(path, cause)
    }
  }
}

function fileExists(paths: readonly string[]): Fault {
  return new Fault(
    'file-exists',
    `nothing was written, because these exist already: ${paths.join(', ')}; ` +
      'keep them, choose another --out, or give --force, which makes new ones and keeps these in a folder beside',
  )
}

function fileUnreadable(path: string, cause: unknown): Fault {
  return new Fault('file-unreadable', `cannot write ${path}: ${(cause as Error).message}`, { cause })
}
