// `pki inspect`: what certificates say, and how long they are good for.
import type { X509Certificate } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, whyUnreadable } from '@seg/core'
import { OPERATOR, type Profile, profiles } from '../issuing/profiles.ts'
import { readCertificates } from '../pem-file.ts'

export type InspectedCertificate = {
  readonly file: string
  /** Subject CN, '' when there is not exactly one. */
  readonly id: string
  readonly profile: Profile | 'other'
  /** Kind and size, such as `rsa-3072` or `ec-p256`. */
  readonly key: string
  readonly notAfter: string
  /** Whole days until then; negative when it is over. */
  readonly daysLeft: number
  /** SHA-256 of the certificate, hexadecimal with colons. */
  readonly fingerprint: string
}

/** Days before the end from which on `pki inspect` warns. */
export const RENEW_WITHIN_DAYS = 30
const DAY = 24 * 60 * 60 * 1000

/**
 * The certificates in a file, or in the `.crt` and `.pem` files of a folder. Throws the Faults
 * `file-unreadable` and `certificate-invalid`.
 */
export async function inspect(path: string, now: Date): Promise<InspectedCertificate[]> {
  const files = await listFiles(path)
  const certificates = await Promise.all(files.map(readCertificates))
  return files.flatMap((file, i) => certificates[i]!.map(certificate => describe(file, certificate, now)))
}

async function listFiles(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path]
    const names = await readdir(path)
    return names
      .filter(name => /\.(crt|pem)$/.test(name))
      .sort()
      .map(name => join(path, name))
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function unreadable(path: string, cause: unknown): Fault {
  return new Fault('file-unreadable', `cannot read ${path}: ${whyUnreadable(path, cause)}`, { cause })
}

function describe(file: string, certificate: X509Certificate, now: Date): InspectedCertificate {
  const name: unknown = certificate.toLegacyObject().subject?.CN
  return {
    file,
    id: typeof name === 'string' ? name : '',
    profile: profileOf(certificate),
    key: keyOf(certificate),
    notAfter: certificate.validToDate.toISOString(),
    daysLeft: Math.floor((certificate.validToDate.getTime() - now.getTime()) / DAY),
    fingerprint: certificate.fingerprint256,
  }
}

function profileOf(certificate: X509Certificate): Profile | 'other' {
  if (certificate.ca) return 'ca'
  if (certificate.keyUsage?.includes(OPERATOR)) return 'operator'
  const names = Object.keys(profiles) as Profile[]
  return names.find(name => certificate.keyUsage?.some(purpose => purpose === profiles[name].purpose)) ?? 'other'
}

/** NIST's names of OpenSSL's curves, as `pki gen --key` has them. */
const curveNames: Readonly<Record<string, string>> = { prime256v1: 'p256', secp384r1: 'p384', secp521r1: 'p521' }

function keyOf({ publicKey }: X509Certificate): string {
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {}
  const size = modulusLength ?? (namedCurve && (curveNames[namedCurve] ?? namedCurve))
  return [publicKey.asymmetricKeyType, size].filter(part => part !== undefined).join('-')
}
