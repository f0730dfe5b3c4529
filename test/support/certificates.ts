// Certificates that `pki` would never make: of every age and purpose, for any name, by any issuer.
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Identity, loadTrust } from '@seg/pki'
import { type CertificateIssuer, issueCertificate } from '../../packages/pki/src/issuing/issue.ts'

export type Wish = {
  readonly profile?: 'ca' | 'sender' | 'receiver' | 'seal' | 'operator'
  readonly name?: string
  /** Days from now. */
  readonly from?: number
  readonly to?: number
  /** Without them, of a receiver, those of this machine. */
  readonly hosts?: readonly string[]
  /** Without them, new ones of P-256. */
  readonly keys?: CertificateIssuer['keys']
}

const DAY = 24 * 3600 * 1000

/** The CA of a folder of certificates, to issue more with. */
export async function openIssuer(certs: string): Promise<CertificateIssuer> {
  const ca = (await loadTrust(certs)).authorities[0]!.certificate
  const privateKey = createPrivateKey(await readFile(join(certs, 'ca.key')))
  return { name: ca.subject.replace(/^CN=/, ''), keys: { privateKey, publicKey: createPublicKey(privateKey) } }
}

/** An issuer with a key of its own, under any name. */
export function makeIssuer(name: string): CertificateIssuer {
  return { name, keys: makeKeys() }
}

export function issue(
  { profile = 'sender', name = 'MINISTRY 1_SEG01', from = -1, to = 1, hosts, keys = makeKeys() }: Wish,
  issuer: CertificateIssuer,
): Identity {
  const at = (days: number) => new Date(Date.now() + days * DAY)
  const certificate = issueCertificate(
    {
      profile,
      name,
      keys,
      hosts: hosts ?? (profile === 'receiver' ? ['localhost', '127.0.0.1'] : []),
      notBefore: at(from),
      notAfter: at(to),
    },
    issuer,
  )
  const keyPem = keys.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
  return { id: name, certificate, key: keys.privateKey, certificatePem: certificate.toString(), keyPem }
}

function makeKeys(): CertificateIssuer['keys'] {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}
