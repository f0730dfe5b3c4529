// The gateway's own key and certificate.
import type { KeyObject, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { Fault } from '@seg/core'
import { checkCertificate } from './certificate/check-certificate.ts'
import { gatewayId } from './certificate/gateway-id.ts'
import type { GatewayProfile, OwnProfile } from './issuing/profiles.ts'
import { isOtherThan, readSigningKey, type SigningKeyFile } from './own-key-file.ts'
import { parseCertificate, parsePrivateKey, readCertsFile, readKeyFile } from './pem-file.ts'
import { renewalCommand } from './renewal-command.ts'
import type { Trust } from './trust.ts'

export type Identity = {
  readonly id: string
  readonly certificate: X509Certificate
  readonly key: KeyObject
  readonly certificatePem: string
  /** What the file of the key holds; of a key in a token, its address. */
  readonly keyPem: string
}

/** What seals receipts, with a key in a file or in a token. */
export type SealIdentity = Omit<Identity, 'key'> & { readonly key: SigningKeyFile['key'] }

/**
 * Reads `PROFILE.crt` and `PROFILE.key`. Throws the Fault `configuration` when one is missing,
 * unreadable, or they do not belong together, and for a key in a token.
 */
export async function loadIdentity(certs: string, profile: OwnProfile): Promise<Identity> {
  const load = async (path: string, advice: string) => {
    const text = await readKeyFile(path, advice)
    return { key: parsePrivateKey(path, text), text }
  }
  return loadPair(certs, profile, load)
}

/** The same of the seal, whose key may be in a token: `proveKey` asks that for it. */
export async function loadSeal(certs: string): Promise<SealIdentity> {
  return loadPair(certs, 'seal', readSigningKey)
}

async function loadPair<Read extends SigningKeyFile>(
  certs: string,
  profile: OwnProfile,
  readKey: (path: string, advice: string) => Promise<Read>,
) {
  const certificatePath = join(certs, `${profile}.crt`)
  const keyPath = join(certs, `${profile}.key`)
  const certificatePem = await readCertsFile(certificatePath)
  const certificate = parseCertificate(certificatePath, certificatePem)
  const { key, text: keyPem }: Read = await readKey(
    keyPath,
    `${profile}.crt is there: bring the key that it was requested with, ` +
      'or have another certificate issued for a new key (docs/pki.md)',
  )
  if (isOtherThan(key, certificate))
    throw new Fault(
      'configuration',
      `${keyPath} is not the key of ${profile}.crt; ` +
        `expected the one that \`openssl x509 -in ${certificatePath} -noout -pubkey\` shows the public half of, ` +
        `found that of \`openssl pkey -in ${keyPath} -pubout\``,
      { command: renewalCommand('key', { certs, profile, id: gatewayId(certificate) }) },
    )
  return { id: gatewayId(certificate), certificate, certificatePem, key: key as Read['key'], keyPem }
}

/**
 * That peers can rely on our own certificate now. Throws the Faults `certificate-invalid` and
 * `certificate-purpose`, naming the file.
 */
export function checkIdentity(
  { certificate }: Pick<Identity, 'certificate'>,
  profile: GatewayProfile,
  certs: string,
  trust: Trust,
  now: Date,
): void {
  try {
    checkCertificate(certificate, profile, trust, now)
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause
    const advice = `\`pnpm --filter pki inspect ${certs}\` shows it, docs/pki.md says how to renew it`
    throw new Fault(cause.code, `${join(certs, `${profile}.crt`)}: ${cause.detail}; ${advice}`, { cause })
  }
}
