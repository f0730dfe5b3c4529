// The files that somebody gave, told apart by what they hold; what is not understood is an error.
import { isAuthority } from './certificate-path.ts'
import { isLogKeys, readTrustedKeys, type TrustedKey } from './checkpoint.ts'
import { expectProven, NotProven } from './not-proven.ts'
import { decodeText, octetsOfBase64, type RawOctets } from './octets.ts'
import { RECEIPT_URI } from './sealed-receipt.ts'
import { type Certificate, readX509 } from './x509.ts'
import { parseXml, type XmlElement } from './xml.ts'

export type GivenFile = { readonly name: string; readonly octets: RawOctets }
export type GivenXml = { readonly octets: RawOctets; readonly root: XmlElement }

/** `trust`: what the reader relies on, from another source than the evidence. */
export type Given = {
  readonly receipt?: GivenXml
  readonly document?: GivenXml
  /** Certificates that came with the evidence: they prove nothing by themselves. */
  readonly certificates: readonly Certificate[]
  readonly trustedCertificates: readonly Certificate[]
  readonly trustedKeys: readonly TrustedKey[]
  /** What is wrong with files, by their names. */
  readonly unread: readonly { readonly name: string; readonly why: string }[]
}

/** A tree of more needs more memory than a page has. */
const LARGEST = 32 * 1024 * 1024
const isCertificateFile = (text: string) => text.includes('-----BEGIN CERTIFICATE-----')

export async function readGivenFiles(evidence: readonly GivenFile[], trust: readonly GivenFile[]): Promise<Given> {
  const xml: { receipt?: GivenXml; document?: GivenXml } = {}
  const certificates: Certificate[] = []
  const trustedCertificates: Certificate[] = []
  const trustedKeys: TrustedKey[] = []
  const unread: { name: string; why: string }[] = []
  const read = async (files: readonly GivenFile[], take: (file: GivenFile) => Promise<void>) => {
    for (const file of files) {
      try {
        await take(file)
      } catch (error) {
        // Whatever it is, it is not understood.
        unread.push({ name: file.name, why: error instanceof NotProven ? error.message : String(error) })
      }
    }
  }
  await read(evidence, async ({ octets }) => {
    const found = await readCertificates(octets)
    if (found !== undefined) return void certificates.push(...found)
    expectProven(
      octets.length <= LARGEST,
      `a file of ${octets.length} bytes: this page reads up to ${LARGEST}; use \`sender verify-receipt\``,
    )
    const root = parseXml(decodeText(octets, 'file'))
    const kind = root.uri === RECEIPT_URI ? 'receipt' : 'document'
    expectProven(xml[kind] === undefined, `a second ${kind}`)
    xml[kind] = { octets, root }
  })
  await read(trust, async ({ octets }) => {
    const found = await readCertificates(octets)
    if (found !== undefined) return void trustedCertificates.push(...found)
    const text = decodeText(octets, 'file')
    expectProven(isLogKeys(text), 'expected certificates (PEM or DER) or log.pub')
    trustedKeys.push(...(await readTrustedKeys(text)))
  })
  return {
    ...xml,
    certificates,
    trustedCertificates,
    trustedKeys,
    unread,
  }
}

/** Certificates that may stand between one and a trusted CA. */
export function authoritiesAmong(certificates: readonly Certificate[]): Certificate[] {
  return certificates.filter(isAuthority)
}

/** PEM (RFC 7468) or DER; undefined for another file. */
async function readCertificates(octets: RawOctets): Promise<Certificate[] | undefined> {
  if (octets[0] === 0x30 && octets[1]! >= 0x80) return [await readX509(octets)]
  const text = String.fromCharCode(...octets.subarray(0, 65_536))
  if (!isCertificateFile(text)) return undefined
  expectProven(octets.length <= 65_536, 'expected at most 64 KiB of certificates')
  const found = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g)]
  expectProven(
    found.every(([, label]) => label === 'CERTIFICATE'),
    'expected certificates only',
  )
  return Promise.all(found.map(([, , body = '']) => readX509(octetsOfBase64(body.replace(/\s/g, ''), 'PEM'))))
}
