// Whether a certificate may follow the one that a gateway uses: every check by itself, so that all
// that is wrong shows at once.
import type { KeyObject, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { asFault, Fault, type FaultCode, quote } from '@seg/core'
import { checkCertificate } from '../certificate/check-certificate.ts'
import { gatewayId } from '../certificate/gateway-id.ts'
import { parseCertificate, readCertsFile } from '../pem-file.ts'
import { loadTrust } from '../trust.ts'
import { hostsOf } from './issue-files.ts'
import { profileRow, type RenewedUse } from './profiles.ts'

export type RenewalCheck = {
  readonly name: 'file' | 'certificate' | 'key' | 'name' | 'hosts' | 'form'
  readonly isPassed: boolean
  readonly detail: string
  /** Of one that passed: those in `detail`. */
  readonly values?: Readonly<Record<string, string>>
  /** Of the fault that it found. */
  readonly code?: FaultCode
}

export type JudgedRenewal = {
  readonly checks: readonly RenewalCheck[]
  /** The one that has the waiting key, else the first. */
  readonly certificate: X509Certificate | undefined
}

export type GivenNext = {
  readonly key: KeyObject
  /** Whose key that is, in words. */
  readonly keyOf: string
  readonly read: () => { readonly form: string; readonly certificates: readonly X509Certificate[] }
}

export async function judgeNext(
  certs: string,
  use: RenewedUse,
  { key, keyOf, read }: GivenNext,
  now: Date,
): Promise<JudgedRenewal> {
  const [present, trust] = await Promise.all([presentOf(certs, use), loadTrust(certs)])
  const id = gatewayId(present)
  const checks: RenewalCheck[] = []
  let certificate: X509Certificate | undefined
  const check = (
    name: RenewalCheck['name'],
    describe: () => readonly [detail: string, values?: Readonly<Record<string, string>>],
  ) => {
    try {
      const [detail, values = {}] = describe()
      checks.push({ name, isPassed: true, detail, values })
    } catch (error) {
      const { code, detail } = asFault(error)
      checks.push({ name, isPassed: false, detail, code })
    }
  }
  check('certificate', () => {
    const { form, certificates } = read()
    certificate = certificates.find(one => one.checkPrivateKey(key)) ?? certificates[0]
    const { subject, serialNumber: serial } = certificate!
    return [`${form}, ${quote(subject)}, serial number ${serial}`, { form, subject, serial }]
  })
  const leaf = certificate
  if (leaf === undefined) return { checks, certificate: undefined }
  check('key', () => {
    if (!leaf.checkPrivateKey(key))
      throw new Fault('certificate-invalid', `expected a certificate of the key of ${keyOf}`)
    return [`it has the key of ${keyOf}`]
  })
  check('name', () => {
    const name = gatewayId(leaf)
    if (name !== id) throw new Fault('certificate-invalid', `expected the name ${quote(id)}, found ${quote(name)}`)
    return [`it names ${quote(name)}`, { name }]
  })
  if (profileRow(use).hasHosts)
    check('hosts', () => {
      const named = hostsOf(leaf)
      const missing = hostsOf(present).filter(host => !named.includes(host))
      if (missing.length > 0)
        throw new Fault('certificate-invalid', `expected all hosts of the present one, without ${missing.join(', ')}`)
      return [named.join(', '), { hosts: named.join(', ') }]
    })
  check('form', () => {
    checkCertificate(leaf, use === 'console' ? 'receiver' : use, trust, now)
    const until = leaf.validToDate.toISOString()
    return [`${profileRow(use).title}, until ${until}`, { until }]
  })
  return { checks, certificate }
}

/** Throws the Fault `certificate-invalid` with the first check that failed. */
export function passedCertificate({ checks, certificate }: JudgedRenewal): X509Certificate {
  const failed = checks.find(({ isPassed }) => !isPassed)
  if (failed === undefined && certificate !== undefined) return certificate
  throw new Fault('certificate-invalid', `${failed?.name}: ${failed?.detail}`)
}

export async function presentOf(certs: string, use: RenewedUse): Promise<X509Certificate> {
  const path = join(certs, `${use}.crt`)
  return parseCertificate(path, await readCertsFile(path))
}
