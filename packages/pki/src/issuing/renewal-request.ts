// The next certificate of a gateway, without a shell: a new key and its request wait beside those
// in use until the certificate is there; then both take their place.
import { createHash, type KeyObject, type X509Certificate } from 'node:crypto'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, readInput } from '@seg/core'
import { gatewayId } from '../certificate/gateway-id.ts'
import { readBundle } from '../certificate/read-bundle.ts'
import { parsePrivateKey, readCertsFile, readKeyAndPassphrase, readKeyFile } from '../pem-file.ts'
import { isTokenUri } from '../pkcs11/token-uri.ts'
import { withListLock } from '../revocation/list-lock.ts'
import { buildCsr, readCsr } from './csr.ts'
import { hostsOf, passphraseOf, requestKeyOf } from './issue-files.ts'
import { type JudgedRenewal, judgeNext, passedCertificate, presentOf } from './judge-next.ts'
import { exportPrivateKey, type KeyPair, makeLike } from './key-pairs.ts'
import { replaceFiles, writeNewFiles } from './new-files.ts'
import { profileRow, type RenewedUse } from './profiles.ts'

export type RenewalRequest = {
  /** PKCS #10 in PEM. */
  readonly pem: string
  /** SHA-256 of the public key (SPKI), in hexadecimal. */
  readonly key: string
  readonly madeAt: Date
}

/** Undefined while none waits. */
export async function findRenewalRequest(certs: string, use: RenewedUse): Promise<RenewalRequest | undefined> {
  const path = join(certs, requestName(use))
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) return undefined
  const pem = await readCertsFile(path)
  return { pem, key: digestOf(readCsr(Buffer.from(pem)).publicKey), madeAt: found.mtime }
}

/**
 * A new key of the kind that is in use, encrypted if that one is; the request names what its
 * certificate names. Throws the Faults `act-impossible` where one waits or somebody else changes it
 * at this moment, `configuration` and `file-unreadable`. Crash between the two files: there is no
 * request, and the next one replaces the key.
 */
export function makeRenewalRequest(certs: string, use: RenewedUse): Promise<RenewalRequest> {
  return alone(certs, use, () => makeRequest(certs, use))
}

async function makeRequest(certs: string, use: RenewedUse): Promise<RenewalRequest> {
  await needNoRequest(certs, use)
  const certificate = await presentOf(certs, use)
  return keepWaiting(certs, use, certificate, await makeLike(certificate.publicKey))
}

export async function needNoRequest(certs: string, use: RenewedUse): Promise<void> {
  if ((await findRenewalRequest(certs, use)) !== undefined)
    throw new Fault('act-impossible', `a request for ${use} waits already; import its certificate, or withdraw it`)
  if (isTokenUri((await readKeyAndPassphrase(join(certs, `${use}.key`))).pem))
    throw new Fault('act-impossible', `the key of ${use} is in a token; make its request with \`pki csr\``)
}

/** `certificate`: whose names the request has. */
export async function keepWaiting(
  certs: string,
  use: RenewedUse,
  certificate: X509Certificate,
  keys: KeyPair,
): Promise<RenewalRequest> {
  const passphrase = await passphraseOf(join(certs, `${use}.key`))
  const hosts = profileRow(use).hasHosts ? hostsOf(certificate) : []
  await rm(join(certs, keyName(use)), { force: true })
  await writeNewFiles(certs, [
    { name: keyName(use), text: exportPrivateKey(keys.privateKey, passphrase) },
    { name: requestName(use), text: await buildCsr(gatewayId(certificate), requestKeyOf(keys), hosts) },
  ])
  return (await findRenewalRequest(certs, use))!
}

/**
 * The key never counted, and need not be there. Throws the Fault `not-found` where none waits, and
 * `act-impossible` as `makeRenewalRequest` does.
 */
export function withdrawRenewalRequest(certs: string, use: RenewedUse): Promise<RenewalRequest> {
  return alone(certs, use, async () => {
    const request = await needRequest(certs, use)
    await removeFiles(certs, use)
    return request
  })
}

/** Every check by itself, so that all that is wrong shows at once. Throws the Fault `not-found`. */
export async function judgeRenewal(certs: string, use: RenewedUse, octets: Buffer, now: Date): Promise<JudgedRenewal> {
  await needRequest(certs, use)
  const key = await waitingKey(certs, use)
  return judgeNext(certs, use, { key, keyOf: 'the request that waits', read: () => readBundle(octets) }, now)
}

/**
 * Key and certificate take the place of those in use, of which copies are kept: a running receiver
 * takes them on within seconds. Throws the Faults `not-found`, `certificate-invalid` with the first
 * check that failed, and `act-impossible` as `makeRenewalRequest` does. Crash before the request is
 * removed: it waits still, and to install its certificate again completes it.
 */
export function installRenewal(certs: string, use: RenewedUse, octets: Buffer, now: Date): Promise<X509Certificate> {
  return alone(certs, use, () => install(certs, use, octets, now))
}

async function install(certs: string, use: RenewedUse, octets: Buffer, now: Date): Promise<X509Certificate> {
  const certificate = passedCertificate(await judgeRenewal(certs, use, octets, now))
  // As it was written: a key that is encrypted stays so.
  const key = readInput(join(certs, keyName(use)), { onlyFile: true }).toString('utf8')
  const files = [
    { name: `${use}.key`, text: key },
    { name: `${use}.crt`, text: certificate.toString() },
  ]
  await replaceFiles(certs, files, now)
  await removeFiles(certs, use)
  return certificate
}

/** Two at once would each remove or replace a key that the other's request needs. */
export async function alone<Result>(certs: string, use: RenewedUse, work: () => Promise<Result>): Promise<Result> {
  try {
    return await withListLock(join(certs, requestName(use)), work)
  } catch (cause) {
    if (!(cause instanceof Fault) || cause.code !== 'file-exists') throw cause
    throw new Fault('act-impossible', cause.detail, { cause })
  }
}

async function needRequest(certs: string, use: RenewedUse): Promise<RenewalRequest> {
  const request = await findRenewalRequest(certs, use)
  if (request === undefined) throw new Fault('not-found', `no request for ${use} waits`)
  return request
}

/** The request goes first: without it nothing waits. */
async function removeFiles(certs: string, use: RenewedUse): Promise<void> {
  for (const name of [requestName(use), keyName(use)]) await rm(join(certs, name), { force: true })
}

async function waitingKey(certs: string, use: RenewedUse): Promise<KeyObject> {
  const path = join(certs, keyName(use))
  return parsePrivateKey(path, await readKeyFile(path, 'withdraw the request, and make another'))
}

/** Its passphrase is that of the key in use (`findPassphrase`). */
function keyName(use: RenewedUse): string {
  return `${use}.key.next`
}

function requestName(use: RenewedUse): string {
  return `${use}.csr.next`
}

function digestOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
}
