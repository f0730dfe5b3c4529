// The files that somebody gave, distinguished by their content; what is not understood is an error.
import { asn1, readAsn1, readOneAsn1 } from './certificates/asn1.ts'
import { isAuthority } from './certificates/certificate-path.ts'
import { type RevokedList, readRevokedList } from './certificates/revocation.ts'
import { type Certificate, readX509 } from './certificates/x509.ts'
import { isLogKeys, readTrustedKeys, type TrustedKey } from './checkpoint.ts'
import { expectProven, NotProven } from './not-proven.ts'
import { decodeText, octetsOfBase64, type RawOctets } from './octets.ts'
import { RECEIPT_URI } from './sealed-receipt.ts'
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
  readonly lists: readonly RevokedList[]
  /** What is wrong with files, by their names. */
  readonly unread: readonly { readonly name: string; readonly why: string }[]
}

/** A tree of more needs more memory than a page has. */
const LARGEST = 32 * 1024 * 1024
/** Of PEM: a revocation list may be long. */
const LARGEST_PEM = 4 * 1024 * 1024

export async function readGivenFiles(evidence: readonly GivenFile[], trust: readonly GivenFile[]): Promise<Given> {
  const xml: { receipt?: GivenXml; document?: GivenXml } = {}
  const certificates: Certificate[] = []
  const trustedCertificates: Certificate[] = []
  const trustedKeys: TrustedKey[] = []
  const lists: RevokedList[] = []
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
    expectProven(
      octets.length <= LARGEST,
      `a file of ${octets.length} bytes: this page reads up to ${LARGEST}; use \`sender verify-receipt\``,
    )
    const found = await readBlocks(octets)
    if (found !== undefined) {
      expectProven(found.lists.length === 0, 'a revocation list: give it with what you trust')
      return void certificates.push(...found.certificates)
    }
    const root = parseXml(decodeText(octets, 'file'))
    const kind = root.uri === RECEIPT_URI ? 'receipt' : 'document'
    expectProven(xml[kind] === undefined, `a second ${kind}`)
    xml[kind] = { octets, root }
  })
  await read(trust, async ({ octets }) => {
    expectProven(octets.length <= LARGEST, `a file of ${octets.length} bytes`)
    const found = await readBlocks(octets)
    if (found !== undefined) {
      trustedCertificates.push(...found.certificates)
      return void lists.push(...found.lists)
    }
    const text = decodeText(octets, 'file')
    expectProven(isLogKeys(text), 'expected certificates or revocation lists (PEM or DER), or log.pub')
    trustedKeys.push(...(await readTrustedKeys(text)))
  })
  return { ...xml, certificates, trustedCertificates, trustedKeys, lists, unread }
}

/** Certificates that may stand between one and a trusted CA. */
export function authoritiesAmong(certificates: readonly Certificate[]): Certificate[] {
  return certificates.filter(isAuthority)
}

type Blocks = { readonly certificates: readonly Certificate[]; readonly lists: readonly RevokedList[] }

/** What PEM (RFC 7468) or DER holds; undefined for a file of another kind. */
async function readBlocks(octets: RawOctets): Promise<Blocks | undefined> {
  const blocks = isDer(octets) ? [{ label: labelOf(octets), der: octets }] : readPem(octets)
  if (blocks === undefined) return undefined
  const other = blocks.find(({ label }) => label !== CERTIFICATE && label !== LIST)
  expectProven(other === undefined, `expected certificates and revocation lists, found ${other?.label}`)
  const of = (wanted: string) => blocks.filter(({ label }) => label === wanted)
  return {
    certificates: await Promise.all(of(CERTIFICATE).map(({ der }) => readX509(der))),
    lists: of(LIST).map(({ der }) => readRevokedList(der)),
  }
}

const CERTIFICATE = 'CERTIFICATE'
const LIST = 'X509 CRL'

/** A SEQUENCE with a length of more than one octet, which no text is. */
function isDer(octets: RawOctets): boolean {
  return octets[0] === asn1.sequence && octets[1]! > 0x80
}

/** What is signed begins with [0] in a certificate of version 3, with a number in a list. */
function labelOf(der: RawOctets): string {
  const [signed] = readAsn1(readOneAsn1(der, asn1.sequence, 'file').content)
  return signed?.content[0] === 0xa0 ? CERTIFICATE : LIST
}

/** Undefined without PEM, and for XML, whose text may hold some. */
function readPem(octets: RawOctets): { label: string; der: RawOctets }[] | undefined {
  const start = new TextDecoder('latin1').decode(octets.subarray(0, 1024))
  if (/^(?:\xef\xbb\xbf)?[ \t\r\n]*</.test(start)) return undefined
  if (octets.length > LARGEST_PEM && !start.includes('-----BEGIN ')) return undefined
  const text = new TextDecoder('latin1').decode(octets)
  if (!text.includes('-----BEGIN ')) return undefined
  expectProven(octets.length <= LARGEST_PEM, `expected at most ${LARGEST_PEM} bytes of PEM`)
  const found = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g)]
  expectProven(found.length === text.split('-----BEGIN ').length - 1, 'PEM that is malformed')
  return found.map(([, label = '', body = '']) => ({ label, der: octetsOfBase64(body.replace(/\s/g, ''), 'PEM') }))
}
