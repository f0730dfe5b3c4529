// The announcement of a partner's next certificate: the payload of a CriticalDocument that is
// signed with the present one (docs/partners.md), read from the canonical octets of that.
import { X509Certificate } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import { defaultLimits } from '../limits.ts'
import { readBase64 } from '../signature/base64.ts'
import { checkAttributes, ElementReader, textOf } from '../signature/element-reader.ts'
import { type Element, readTree } from '../signature/tree.ts'
import { readTimestamp } from './envelope.ts'

const uses = ['tls', 'sign'] as const

export type Announcement = {
  /** What the certificate is for: connections, signatures of documents. */
  readonly uses: readonly (typeof uses)[number][]
  /** The next one counts from, the present one until; milliseconds since 1970. */
  readonly from: number
  readonly until: number
  readonly certificate: X509Certificate
}

const NAMESPACE = 'urn:seg:rollover:1'
/** Octets of a whole announcement: a certificate of ML-DSA-65 has 6 kB in base64. */
export const LARGEST_ANNOUNCEMENT = 64 * 1024
const limits = { ...defaultLimits, documentBytes: LARGEST_ANNOUNCEMENT }
const code = 'rollover-malformed'

/**
 * `canonical`: what the verified digest covered. Throws the Fault `rollover-malformed` for another
 * payload.
 */
export function readAnnouncement(canonical: Uint8Array): Announcement {
  const payload = readTree(canonical, limits).children.find(({ local }) => local === 'Payload')
  const [element, second] = payload?.children ?? []
  if (element?.local !== 'Rollover' || element.uri !== NAMESPACE || second !== undefined)
    throw new Fault(code, `expected one Rollover of the namespace ${NAMESPACE} in Payload`)
  checkAttributes(element, [], code)
  const reader = new ElementReader(element, code, NAMESPACE)
  const read = (local: string) => readText(reader.child(local))
  const found = {
    uses: readUses(read('Use')),
    from: readTime(read('From')),
    until: readTime(read('Until')),
    certificate: readCertificate(read('Certificate')),
  }
  reader.end()
  return found
}

/** The payload that `readAnnouncement` reads. */
export function writeAnnouncement({ uses: named, from, until, certificate }: Announcement): string {
  const time = (value: number) => new Date(value).toISOString()
  return `<Rollover xmlns="${NAMESPACE}">
  <Use>${named.join(' ')}</Use>
  <From>${time(from)}</From>
  <Until>${time(until)}</Until>
  <Certificate>${certificate.raw.toString('base64')}</Certificate>
</Rollover>`
}

function readText(element: Element): string {
  checkAttributes(element, [], code)
  return textOf(element, code)
}

function readUses(text: string): Announcement['uses'] {
  const found = uses.filter(use => text.split(' ').includes(use))
  if (found.length > 0 && found.join(' ') === text) return found
  throw new Fault(code, `expected the use "tls sign", "tls" or "sign", found ${quote(text)}`)
}

function readTime(text: string): number {
  try {
    return readTimestamp(text)
  } catch (cause) {
    throw new Fault(code, (cause as Fault).detail, { cause })
  }
}

function readCertificate(text: string): X509Certificate {
  try {
    const octets = readBase64(text, 'Certificate')
    const certificate = new X509Certificate(octets)
    // OpenSSL reads what stands before other octets, too.
    if (certificate.raw.equals(octets)) return certificate
  } catch (cause) {
    throw new Fault(code, 'the octets in Certificate are no certificate', { cause })
  }
  throw new Fault(code, 'expected one certificate in Certificate, and no octets behind it')
}
