// The gateway's own key and certificate.
import type { KeyObject, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { Fault } from '@seg/core'
import { checkCertificate } from './certificate/check-certificate.ts'
import { gatewayId } from './certificate/gateway-id.ts'
import type { GatewayProfile, OwnProfile } from './issuing/profiles.ts'
import { parseCertificate, parsePrivateKey, readCertsFile, readKeyFile } from './pem-file.ts'
import { renewalCommand } from './renewal-command.ts'
import type { Trust } from './trust.ts'

export type Identity = {
  readonly id: string
  readonly certificate: X509Certificate
  readonly key: KeyObject
  readonly certificatePem: string
  readonly keyPem: string
}

/**
 * Reads `PROFILE.crt` and `PROFILE.key`. Throws the Fault `configuration` when one is missing,
 * unreadable, or they do not belong together.
 */
export async function loadIdentity(certs: string, profile: OwnProfile): Promise<Identity> {
  const certificatePath = join(certs, `${profile}.crt`)
  const keyPath = join(certs, `${profile}.key`)
  const certificatePem = await readCertsFile(certificatePath)
  const certificate = parseCertificate(certificatePath, certificatePem)
  const keyPem = await readKeyFile(
    keyPath,
    `${profile}.crt is there: bring the key that it was requested with, ` +
      'or have another certificate issued for a new key (docs/pki.md)',
  )
  const key = parsePrivateKey(keyPath, keyPem)
  if (!certificate.checkPrivateKey(key))
    throw new Fault(
      'configuration',
      `${keyPath} is not the key of ${profile}.crt; ` +
        `expected the one that \`openssl x509 -in ${certificatePath} -noout -pubkey\` shows the public half of, ` +
        `found that of \`openssl pkey -in ${keyPath} -pubout\``,
      { command: renewalCommand('key', { certs, profile, id: gatewayId(certificate) }) },
    )
  return { id: gatewayId(certificate), certificate, key, certificatePem, keyPem }
}

/**
 * That peers can rely on our own certificate now. Throws the Faults `certificate-invalid` and
 * `certificate-purpose`, naming the file.
 */
export function checkIdentity(
  { certificate }: Identity,
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
