// The gateway's own key and certificate, and the CA that it trusts.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '@seg/core'
import { gatewayId } from './check-certificate.ts'
import type { GatewayProfile } from './profiles.ts'

export type Identity = {
  readonly id: string
  readonly certificate: X509Certificate
  readonly key: KeyObject
  readonly certificatePem: string
  readonly keyPem: string
}

export type Trust = { readonly ca: X509Certificate; readonly caPem: string }

/** Reads `PROFILE.crt` and `PROFILE.key`. Throws the Fault `configuration` when one is missing, unreadable, or they do not belong together. */
export async function loadIdentity(certs: string, profile: GatewayProfile): Promise<Identity> {
  const certificatePath = join(certs, `${profile}.crt`)
  const certificatePem = await readCertsFile(certificatePath)
  const keyPem = await readCertsFile(join(certs, `${profile}.key`))
  const certificate = parsePem(certificatePath, () => new X509Certificate(certificatePem))
  const key = parsePem(join(certs, `${profile}.key`), () => createPrivateKey(keyPem))
  if (!certificate.checkPrivateKey(key))
    throw new Fault(
      'configuration',
      `${profile}.key in ${certs} is not the key of ${profile}.crt; \`pnpm --filter pki gen\` makes both`,
    )
  return { id: gatewayId(certificate), certificate, key, certificatePem, keyPem }
}

/** Reads `ca.crt`. Throws the Fault `configuration` when it is missing or is not one certificate of a CA. */
export async function loadTrust(certs: string): Promise<Trust> {
  const path = join(certs, 'ca.crt')
  const caPem = await readCertsFile(path)
  const ca = parsePem(path, () => new X509Certificate(caPem))
  if (!ca.ca) throw new Fault('configuration', `${path} is not the certificate of a CA`)
  // TLS would trust all of them, checkCertificate the first alone.
  const count = caPem.match(/-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/g)?.length
  if (count !== 1) throw new Fault('configuration', `${path} must hold one certificate, that of the CA; found ${count}`)
  return { ca, caPem }
}

/** Throws the Fault `configuration`. */
export async function readCertsFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const what =
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'is missing' : `cannot be read (${(cause as Error).message})`
    throw new Fault(
      'configuration',
      `${path} ${what}; \`pnpm --filter pki gen\` makes keys and certificates for a first exchange`,
      {
        cause,
      },
    )
  }
}

/** Throws the Fault `configuration` for what `read` does not take. */
export function parsePem<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    // The cause may quote the file; a key must not reach a log.
    throw new Fault(
      'configuration',
      `${path} is not PEM of the kind expected (${(cause as NodeJS.ErrnoException).code ?? 'unreadable'})`,
    )
  }
}
