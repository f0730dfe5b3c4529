// The next key and certificate of a gateway out of a PKCS #12 file: checked as the certificate of a
// request is, and then waiting as one that was made here.
import { createPublicKey } from 'node:crypto'
import { Fault } from '@seg/core'
import { type JudgedRenewal, judgeNext, passedCertificate, type RenewalCheck } from './judge-next.ts'
import type { RenewedUse } from './profiles.ts'
import { alone, keepWaiting, needNoRequest } from './renewal-request.ts'

export type GivenPkcs12 = { readonly octets: Buffer; readonly password: string }
export type JudgedPkcs12 = JudgedRenewal & {
  /** The certificate and those of its chain, in PEM. */
  readonly pem: string | undefined
}

/**
 * The same of a key that was made elsewhere, with its certificate in a PKCS #12 file: nothing of
 * the file is kept. Throws the Fault `act-impossible` where a request waits.
 */
export async function judgePkcs12(
  certs: string,
  use: RenewedUse,
  given: GivenPkcs12,
  now: Date,
): Promise<JudgedPkcs12> {
  const { key: _key, ...judged } = await openNext(certs, use, given, now)
  return judged
}

async function openNext(certs: string, use: RenewedUse, { octets, password }: GivenPkcs12, now: Date) {
  await needNoRequest(certs, use)
  try {
    // RFC 7292 B.1 requires UTF-16, PBES2 no encoding at all: programs agree about ASCII only.
    if (!/^[ -~]*$/.test(password))
      throw new Fault(
        'p12-invalid',
        'expected a password of printable ASCII characters; `openssl pkcs12` can change it',
      )
    // node-forge loads with it, for files that come once a year.
    const { openPkcs12 } = await import('../pkcs12/import-p12.ts')
    const { key, certificate, others } = openPkcs12(octets, password)
    const certificates = [certificate, ...others]
    const file: RenewalCheck = { name: 'file', isPassed: true, detail: 'PKCS #12, with a key and its certificate' }
    const read = () => ({ form: 'PKCS #12', certificates })
    const { checks } = await judgeNext(certs, use, { key, keyOf: 'the file', read }, now)
    return { checks: [file, ...checks], certificate, pem: certificates.map(String).join(''), key }
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'p12-invalid') throw error
    const file: RenewalCheck = { name: 'file', isPassed: false, detail: error.detail, code: error.code }
    return { checks: [file], certificate: undefined, pem: undefined, key: undefined }
  }
}

/**
 * Its key waits as that of a request does, encrypted if the one in use is; its certificate is
 * installed as that of a request. Of the file and its password nothing else is kept. Throws the
 * Faults `certificate-invalid` with the first check that failed, and `act-impossible` as
 * `makeRenewalRequest` does.
 */
export function importPkcs12(certs: string, use: RenewedUse, given: GivenPkcs12, now: Date): Promise<JudgedPkcs12> {
  return alone(certs, use, async () => {
    const { key, ...judged } = await openNext(certs, use, given, now)
    const certificate = passedCertificate(judged)
    if (key === undefined) throw new TypeError('a file without a key passed its checks')
    await keepWaiting(certs, use, certificate, { privateKey: key, publicKey: createPublicKey(key) })
    return judged
  })
}
