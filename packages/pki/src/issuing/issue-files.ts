// `pki csr`, `pki issue`, `pki renew`: requests and certificates of one profile, from keys that
// never leave their machine.
import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Fault, onFile, quote, readInput, readSecretFile } from '@seg/core'
import { isIssuableId, LONGEST_COMMON_NAME } from '../certificate/gateway-id.ts'
import { parsePathCertificate } from '../path/path-certificate.ts'
import { parseCertificate, parsePrivateKey, readCertsFile, readKeyAndPassphrase, readKeyFile } from '../pem-file.ts'
import { proveKey, signByToken } from '../pkcs11/sign-by-token.ts'
import { tokenKeyOf } from '../pkcs11/token-key.ts'
import { isTokenUri } from '../pkcs11/token-uri.ts'
import { buildCsr, type RequestKey, readCsr, readHostNames } from './csr.ts'
import { issueCertificate } from './issue.ts'
import { loadIssuingCa, toIssuer } from './issuing-ca.ts'
import { exportPrivateKey, type KeyKind, type KeyPair, keyKinds, makeLike, signOctets, signsXml } from './key-pairs.ts'
import { type NamedFile, replaceFiles, writeNewFiles } from './new-files.ts'
import { type Profile, profileRow, profiles } from './profiles.ts'

const DAY = 86_400_000
/** Clocks of partners may be a little behind. */
const BACKDATE = 5 * 60 * 1000

/**
 * Without `--key`: a server signs in each handshake, and a seal each receipt; P-256 is the quickest
 * at that.
 */
const usualKind = (profile: Profile): KeyKind => (profile === 'ca' || profile === 'sender' ? 'rsa-3072' : 'ec-p256')

export type CsrOptions = {
  readonly profile: Profile
  readonly id: string
  readonly hosts: readonly string[]
  readonly key?: KeyKind
  /** Of the key, if it is made. */
  readonly passphrase?: Buffer
  /** `PREFIX.key` and `PREFIX.csr`. */
  readonly out: string
}

/** The paths of the request and of its key, which is made unless it is there. */
export async function makeCsr({ profile, id, hosts, key, passphrase, out }: CsrOptions) {
  checkHosts(profile, hosts)
  checkKind(profile, key)
  const [folder, name] = [dirname(out), basename(out)]
  const present = await readPresentKey(`${out}.key`)
  const made = present === undefined ? await keyKinds[key ?? usualKind(profile)]() : undefined
  const text = await buildCsr(id, present ?? requestKeyOf(made!), hosts)
  const files: NamedFile[] = [{ name: `${name}.csr`, text }]
  if (made !== undefined) files.unshift({ name: `${name}.key`, text: exportPrivateKey(made.privateKey, passphrase) })
  await writeNewFiles(folder, files)
  return { csr: `${out}.csr`, key: `${out}.key`, isNewKey: present === undefined }
}

export type IssueOptions = {
  readonly certs: string
  /** Files of the CA that issues. */
  readonly ca: string
  readonly profile: Profile
  readonly id?: string
  /** A request; without one a key is made as well. */
  readonly csr?: string
  readonly hosts: readonly string[]
  readonly key?: KeyKind
  readonly passphrase?: Buffer
  readonly days: number
  readonly out: string
  readonly now: Date
}

export async function issueFiles(options: IssueOptions) {
  const { certs, ca: caName, profile, csr: csrPath, out, now, days } = options
  const ca = await loadIssuingCa(certs, caName)
  if (profile === 'ca') checkMayHaveCas(ca.certificate, ca.pathLength)
  const csr = csrPath === undefined ? undefined : readCsr(await onFile('read', csrPath, async () => readInput(csrPath)))
  const name = nameOf(options.id, csr?.name)
  // Options come first; the request's own names are used where there are none.
  const hosts = options.hosts.length > 0 || !profileRow(profile).hasHosts ? options.hosts : (csr?.hosts ?? [])
  checkHosts(profile, hosts)
  checkKind(profile, options.key)
  if (csr !== undefined && csr.publicKey.asymmetricKeyType === 'ml-dsa-65') checkKind(profile, 'ml-dsa-65')
  const keys: KeyPair | undefined = csr === undefined ? await keyKinds[options.key ?? usualKind(profile)]() : undefined
  const publicKey = csr?.publicKey ?? keys!.publicKey
  const dates = { notBefore: new Date(now.getTime() - BACKDATE), notAfter: endOf(now, days, ca.certificate) }
  const certificate = issueCertificate({ profile, name, keys: { publicKey }, hosts, ...dates }, toIssuer(ca))
  const files: NamedFile[] = [{ name: `${basename(out)}.crt`, text: certificate.toString() }]
  if (keys !== undefined)
    files.unshift({ name: `${basename(out)}.key`, text: exportPrivateKey(keys.privateKey, options.passphrase) })
  await writeNewFiles(dirname(out), files)
  return { certificate, path: `${out}.crt`, key: keys === undefined ? undefined : `${out}.key` }
}

export type RenewOptions = {
  readonly certs: string
  readonly ca: string
  /** `NAME.crt` and `NAME.key`. */
  readonly name: string
  readonly newKey: boolean
  /** Of a new key; without it, one is encrypted as the key before it is. */
  readonly passphrase?: Buffer
  readonly days: number
  readonly now: Date
}

/**
 * A certificate that says what the one before says, under the same key or a new one of its kind.
 */
export async function renewFiles({ certs, ca: caName, name, newKey, passphrase, days, now }: RenewOptions) {
  const path = join(certs, `${name}.crt`)
  const before = parseCertificate(path, await readCertsFile(path))
  const ca = await loadIssuingCa(certs, caName)
  const profile = profileOf(before, path)
  const keyPath = join(certs, `${name}.key`)
  const made = newKey ? await makeLike(before.publicKey) : undefined
  if (made !== undefined) await refuseInToken(keyPath)
  const keys = made ?? (await readOwnKey(keyPath, before))
  const { fields } = parsePathCertificate(before)
  const dates = { notBefore: new Date(now.getTime() - BACKDATE), notAfter: endOf(now, days, ca.certificate) }
  const request = { profile, name: before.subject, subject: fields.subject, keys, hosts: hostsOf(before), ...dates }
  const certificate = issueCertificate(request, toIssuer(ca))
  const files: NamedFile[] = [{ name: `${name}.crt`, text: certificate.toString() }]
  if (made !== undefined) {
    const secret = passphrase ?? (await passphraseOf(keyPath))
    files.unshift({ name: `${name}.key`, text: exportPrivateKey(made.privateKey, secret) })
  }
  return { certificate, before, path, kept: await replaceFiles(certs, files, now) }
}

/** RFC 5280 4.1.2.5: nothing that a CA issued counts after its own end. */
function endOf(now: Date, days: number, ca: X509Certificate): Date {
  return new Date(Math.min(now.getTime() + days * DAY, ca.validToDate.getTime()))
}

function nameOf(id: string | undefined, asked: string | undefined): string {
  const name = id ?? asked
  if (name === undefined) throw new Fault('usage', 'expected --id, or a request with --csr that has a CN')
  if (asked !== undefined && asked !== name)
    throw new Fault('csr-invalid', `subject: expected the CN ${quote(name)}, as --id says, found ${quote(asked)}`)
  if (!isIssuableId(name))
    throw new Fault(
      'csr-invalid',
      `subject: expected a CN of 1 to ${LONGEST_COMMON_NAME} printable characters, ` +
        `no space at either end, found ${quote(name)}`,
    )
  return name
}

function checkHosts(profile: Profile, hosts: readonly string[]): void {
  const { hasHosts, title } = profileRow(profile)
  if (hasHosts && hosts.length === 0)
    throw new Fault('usage', `a ${title} names its hosts: --host NAME, which may be given again`)
  if (!hasHosts && hosts.length > 0) throw new Fault('usage', `a ${title} names no host: leave --host out`)
}

function checkKind(profile: Profile, key: KeyKind | undefined): void {
  if (key === undefined || signsXml(key) || profile !== 'seal') return
  throw new Fault(
    'usage',
    `a seal signs XML, for which no standard has an algorithm with a key of ${key}: such keys are for CAs and TLS`,
  )
}

function checkMayHaveCas(ca: X509Certificate, pathLength: number | undefined): void {
  if (pathLength === 0)
    throw new Fault(
      'certificate-invalid',
      `${quote(ca.subject)} has the path length 0 (RFC 5280 4.2.1.9): no CA below it counts; ` +
        '`pnpm --filter pki gen --intermediate --out DIR` makes a root that may have them',
    )
}

async function readPresentKey(path: string): Promise<RequestKey | undefined> {
  const present = await readKeyAndPassphrase(path).catch(unlessMissing)
  if (present === undefined) return undefined
  if (!isTokenUri(present.pem)) return requestKeyOf(pairOf(parsePrivateKey(path, present.pem)))
  const key = tokenKeyOf(path, present.pem)
  const publicKey = await key.publicKey()
  return { publicKey, sign: octets => signByToken(octets, publicKey, key) }
}

export function requestKeyOf({ publicKey, privateKey }: KeyPair): RequestKey {
  return { publicKey, sign: octets => signOctets(octets, privateKey) }
}

/** A key in a file would take the place of one that is in a token to stay there. */
async function refuseInToken(path: string): Promise<void> {
  if (existsSync(path) && isTokenUri((await readSecretFile(path)).toString('latin1')))
    throw new Fault(
      'configuration',
      `${path} names a key in a token: make the next key there, put its address into another key file, ` +
        'and make a request for it with `pki csr` (docs/pki.md, Keys in an HSM)',
    )
}

/** Of the key that is there; undefined where it is in clear, or is not there. */
export async function passphraseOf(path: string): Promise<Buffer | undefined> {
  const present = await readKeyAndPassphrase(path).catch(unlessMissing)
  if (present === undefined) return undefined
  // Throws for one that is encrypted and has no passphrase: the new key would be in clear.
  parsePrivateKey(path, present.pem)
  return present.passphrase
}

function unlessMissing(fault: Fault): undefined {
  if ((fault.cause as NodeJS.ErrnoException | undefined)?.code !== 'ENOENT') throw fault
}

async function readOwnKey(path: string, certificate: X509Certificate): Promise<Pick<KeyPair, 'publicKey'>> {
  const text = await readKeyFile(path, 'give --new-key, or bring the key')
  if (isTokenUri(text)) {
    await proveKey({ key: tokenKeyOf(path, text), certificate })
    return certificate
  }
  const key = parsePrivateKey(path, text)
  if (!certificate.checkPrivateKey(key))
    throw new Fault('configuration', `${path} is not the key of the certificate; give --new-key, or bring its key`)
  return pairOf(key)
}

function pairOf(privateKey: KeyObject): KeyPair {
  return { privateKey, publicKey: createPublicKey(privateKey) }
}

/**
 * A certificate with more than our profiles have would lose that: issue those with other tools.
 */
function profileOf(certificate: X509Certificate, path: string): Profile {
  const found = (certificate.keyUsage ?? []).toSorted().join()
  const profile = (Object.keys(profiles) as Profile[]).find(name => {
    const { purpose, mark } = profileRow(name)
    return purpose !== null && [purpose, ...(mark === undefined ? [] : [mark])].toSorted().join() === found
  })
  if (certificate.ca || profile === undefined)
    throw new Fault(
      'certificate-purpose',
      `${path}: expected the certificate of a gateway, a seal, ` +
        `a console or an operator with that purpose alone, found ${found || 'none'}`,
    )
  return profile
}

export function hostsOf(certificate: X509Certificate): string[] {
  const { fields } = parsePathCertificate(certificate)
  const extension = fields.extensions.get('2.5.29.17')
  return extension === undefined ? [] : readHostNames(extension.value)
}
