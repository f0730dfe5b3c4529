// The command that gets a gateway a usable certificate: from the CA on this machine, or a
// request for the one that is not.
import type { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Fault, shellWord } from '@seg/core'
import { expiryStage, OVER } from './certificate/expiry.ts'
import { type OwnProfile, profileRow } from './issuing/profiles.ts'

/**
 * `missing`: the certificate or its key; `dates`: the same once more; `key`: of another
 * certificate; `unfit`: issued for another use, or by another CA.
 */
export type CertificateLack = 'missing' | 'dates' | 'key' | 'unfit'

export type CertificateOwner = {
  readonly certs: string
  readonly profile: OwnProfile
  /** The gateway's, where it is known. */
  readonly id?: string | undefined
  readonly host?: string | undefined
}

export function renewalCommand(lack: CertificateLack, { certs, profile, id = 'ID', host }: CertificateOwner): string {
  const place = (name: string) => join(certs, name)
  const isThere = (name: string) => existsSync(place(name))
  const folder = shellWord(certs)
  if (!['ca.crt', `${profile}.crt`, `${profile}.key`].some(isThere)) return `pnpm --filter pki gen --out ${folder}`
  const hasCa = isThere('ca.key') && isThere('ca.crt')
  if (hasCa && lack === 'dates') return `pnpm --filter pki renew ${profile} --certs ${folder}`
  if (hasCa && lack === 'key') return `pnpm --filter pki renew ${profile} --new-key --certs ${folder}`
  const hosts = profileRow(profile).hasHosts ? ` --host ${shellWord(host ?? 'localhost')}` : ''
  const names = `--profile ${profile} --id ${shellWord(id)}${hosts}`
  const isFree = !isThere(`${profile}.crt`) && !isThere(`${profile}.key`)
  const fresh = shellWord(place(isFree ? profile : `new-${profile}`))
  if (hasCa) return `pnpm --filter pki issue --certs ${folder} ${names} --out ${fresh}`
  // A request takes the key that is there.
  const keepsKey = lack === 'missing' || lack === 'dates'
  return `pnpm --filter pki csr ${names} --out ${keepsKey ? shellWord(place(profile)) : fresh}`
}

/** What a check said of a certificate, or of a file that could not be read as one. */
export function lackOf({ code, cause }: Fault, certificate?: X509Certificate, now = new Date()): CertificateLack {
  // The key may be why.
  if (code === 'certificate-revoked') return 'key'
  if (certificate !== undefined) {
    const stage = expiryStage(certificate, now.getTime())
    return stage === OVER ? 'dates' : 'unfit'
  }
  return Object(cause).code === 'ENOENT' ? 'missing' : 'unfit'
}
