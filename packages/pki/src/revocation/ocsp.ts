// Asking a CA about one certificate (OCSP, RFC 6960): a request, and what an answer to it says.
import { createHash, X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'
import { findWeakAlgorithm } from '../certificate/certificate-algorithms.ts'
import { DerError, DerReader, readBitString, readGeneralizedTime, readWhole, tags } from '../certificate/der.ts'
import { der, extension, objectIdentifier, octetString, sequence, unsigned } from '../certificate/der-writer.ts'
import { readExtendedKeyUsage } from '../certificate/extensions.ts'
import { findBadSignature } from '../certificate/verify-signature.ts'
import { type PathCertificate, parsePathCertificate, readPathCertificate } from '../path/path-certificate.ts'
import type { CertificateStatus } from '../path/revocation-lists.ts'
import { shownName } from '../path/verdict.ts'

const oids = {
  basicResponse: '1.3.6.1.5.5.7.48.1.1',
  nonce: '1.3.6.1.5.5.7.48.1.2',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
  sha1: '1.3.14.3.2.26',
} as const

export type OcspQuestion = {
  readonly leaf: X509Certificate
  /** The CA that issued it. */
  readonly issuer: X509Certificate
}

/** OCSPRequest, DER. RFC 9654 2.1: a nonce of 32 octets. */
export function buildOcspRequest({ leaf, issuer }: OcspQuestion, nonce: Buffer): Buffer {
  const request = sequence(certificateIdOf(parsePathCertificate(leaf), parsePathCertificate(issuer)))
  const extensions = der(0xa2, sequence(extension(oids.nonce, octetString(nonce))))
  return sequence(sequence(sequence(request), extensions))
}

/**
 * CertID. SHA-1 only names the issuer here, and is what every responder knows (RFC 5019 2.1.1).
 */
function certificateIdOf({ certificate }: PathCertificate, issuer: PathCertificate): Buffer {
  const key = readWhole(issuer.certificate.publicKey.export({ format: 'der', type: 'spki' }), 'a public key')
  key.read(tags.sequence, 'an algorithm')
  const { octets } = readBitString(key.read(tags.bitString, 'a key'), 'a key')
  const [name, keyHash] = [issuer.fields.subject, octets].map(value => createHash('sha1').update(value).digest())
  return sequence(
    sequence(objectIdentifier(oids.sha1), der(tags.null)),
    octetString(name!),
    octetString(keyHash!),
    unsigned(Buffer.from(certificate.serialNumber, 'hex')),
  )
}

/** RFC 6960 2.3. */
const failures = ['', 'malformedRequest', 'internalError', 'tryLater', '', 'sigRequired', 'unauthorized']
const GOOD = 0x80
const REVOKED = 0xa1

/** Milliseconds that an answer without nextUpdate counts (RFC 6960 4.2.2.1 names none). */
const WITHOUT_END = 3_600_000
/** Milliseconds that clocks may be apart. */
const SKEW = 300_000

/**
 * What an OCSPResponse says of the certificate. `nonce`: that of the request; an answer that was
 * made before has none. Throws the Fault `ocsp-invalid`.
 */
export function readOcspResponse(
  octets: Buffer,
  { leaf, issuer }: OcspQuestion,
  now: Date,
  nonce?: Buffer,
): CertificateStatus {
  try {
    const ca = parsePathCertificate(issuer)
    const { signed, responses, extensions } = readBasic(octets, ca, now)
    const found = extensions.get(oids.nonce)
    if (nonce !== undefined && found !== undefined && !found.equals(octetString(nonce)))
      throw new DerError('expected the nonce of the request, found another')
    if (signed.length === 0) throw new DerError('expected an answer that is signed')
    return findStatus(responses, certificateIdOf(parsePathCertificate(leaf), ca), now)
  } catch (error) {
    if (error instanceof DerError)
      throw new Fault('ocsp-invalid', `OCSP (RFC 6960 4.2): ${error.message}`, { cause: error })
    throw error
  }
}

function readBasic(octets: Buffer, issuer: PathCertificate, now: Date) {
  const response = readWhole(octets, 'an answer')
  const status = response.read(0x0a, 'a status').content
  if (status.length !== 1 || status[0] !== 0)
    throw new DerError(`expected an answer, found ${failures[status[0] ?? 0] || 'a failure'}`)
  const bytes = new DerReader(response.read(0xa0, 'an answer').content).enter('an answer')
  response.end('an answer')
  const type = bytes.read(tags.objectIdentifier, 'the type of an answer').raw
  if (!type.equals(objectIdentifier(oids.basicResponse))) throw new DerError('expected a basic answer')
  const basic = readWhole(bytes.read(tags.octetString, 'an answer').content, 'a basic answer')
  const { raw: signed, content } = basic.read(tags.sequence, 'what is signed')
  const algorithm = basic.read(tags.sequence, 'a signature algorithm').raw
  const { octets: signature } = readBitString(basic.read(tags.bitString, 'a signature'), 'a signature')
  const shown = basic.readOptional(0xa0, 'certificates')
  basic.end('a basic answer')
  checkSigner({ signed, algorithm, signature, shown: shown?.content }, issuer, now)
  const data = new DerReader(content)
  data.readOptional(0xa0, 'a version')
  data.readAny('the name of the responder')
  readGeneralizedTime(data, 'producedAt')
  const responses = data.enter('the statuses')
  const extensions = readExtensions(data.readOptional(0xa1, 'extensions')?.content)
  data.end('what is signed')
  return { signed, responses, extensions }
}

type Signed = {
  readonly signed: Buffer
  readonly algorithm: Buffer
  readonly signature: Buffer
  readonly shown: Buffer | undefined
}

/** RFC 6960 4.2.2.2: the CA itself, or one whom it certified for that, and directly. */
function checkSigner({ signed, algorithm, signature, shown }: Signed, issuer: PathCertificate, now: Date): void {
  const isBy = (key: X509Certificate) => findBadSignature(signed, algorithm, signature, key.publicKey) === undefined
  if (isBy(issuer.certificate)) return
  const delegates = shown === undefined ? [] : readCertificates(shown)
  const signer = delegates.find(({ certificate }) => isBy(certificate))
  if (signer === undefined)
    throw new DerError(
      `expected a signature of ${shownName(issuer.certificate.subject)} or of its responder, found another`,
    )
  const { fields, certificate } = signer
  const name = `the responder ${shownName(certificate.subject)}`
  if (signer.issuer !== issuer.subject || !certificate.verify(issuer.certificate.publicKey))
    throw new DerError(`expected that the CA itself issued ${name}, found another issuer`)
  const weak = findWeakAlgorithm(fields.innerAlgorithm)
  if (weak !== undefined) throw new DerError(`expected a strong signature in the certificate of ${name}, found ${weak}`)
  if (!readExtendedKeyUsage(fields.extensions)?.includes(oids.ocspSigning))
    throw new DerError(`expected the purpose OCSPSigning in the certificate of ${name}, found none`)
  const time = now.getTime()
  if (!(fields.from <= time && time <= fields.to)) throw new DerError(`expected ${name} in date, found it out of date`)
}

const MOST_CERTIFICATES = 4

function readCertificates(content: Buffer): PathCertificate[] {
  const reader = new DerReader(content).enter('certificates')
  const found: PathCertificate[] = []
  while (!reader.isAtEnd && found.length < MOST_CERTIFICATES) {
    const { raw } = reader.read(tags.sequence, 'a certificate')
    const certificate = readShown(raw)
    if (certificate !== undefined) found.push(certificate)
  }
  return found
}

function readShown(raw: Buffer): PathCertificate | undefined {
  try {
    const found = readPathCertificate(new X509Certificate(raw))
    // Its key is read only now.
    return found?.certificate.publicKey && found
  } catch {
    // OpenSSL cannot read it: it has signed nothing.
    return undefined
  }
}

function readExtensions(content: Buffer | undefined): Map<string, Buffer> {
  const found = new Map<string, Buffer>()
  if (content === undefined) return found
  const reader = readWhole(content, 'extensions')
  const nonce = objectIdentifier(oids.nonce)
  while (!reader.isAtEnd) {
    const one = reader.enter('an extension')
    const { raw } = one.read(tags.objectIdentifier, 'the name of an extension')
    const critical = one.readOptional(tags.boolean, 'critical')
    if (raw.equals(nonce)) found.set(oids.nonce, one.read(tags.octetString, 'a nonce').content)
    else if (critical !== undefined) throw new DerError('expected no critical extension that is unknown here')
  }
  return found
}

/** The answer about this certificate: of several, an answer about others does not count. */
function findStatus(responses: DerReader, id: Buffer, now: Date): CertificateStatus {
  while (!responses.isAtEnd) {
    const single = responses.enter('a status')
    const { raw } = single.read(tags.sequence, 'a certificate id')
    const status = single.readAny('a status')
    const thisUpdate = readGeneralizedTime(single, 'thisUpdate')
    const next = single.readOptional(0xa0, 'nextUpdate')
    if (!raw.equals(id)) continue
    const nextUpdate =
      next === undefined ? thisUpdate + WITHOUT_END : readGeneralizedTime(new DerReader(next.content), 'nextUpdate')
    const time = now.getTime()
    if (!(thisUpdate - SKEW <= time && time <= nextUpdate + SKEW)) {
      const [from, to] = [thisUpdate, nextUpdate].map(at => new Date(at).toISOString())
      throw new DerError(`expected a status in date at ${now.toISOString()}, found one from ${from} to ${to}`)
    }
    if (status.tag === GOOD) return { thisUpdate, nextUpdate, revoked: undefined }
    if (status.tag !== REVOKED) throw new DerError('expected the status good or revoked, found unknown')
    return { thisUpdate, nextUpdate, revoked: readRevoked(status.content) }
  }
  throw new DerError('expected the status of the certificate, found none')
}

function readRevoked(content: Buffer) {
  const info = new DerReader(content)
  const at = readGeneralizedTime(info, 'the time of a revocation')
  const reason = info.readOptional(0xa0, 'a reason')?.content
  const read = reason && new DerReader(reason).read(0x0a, 'a reason').content
  return { at, reason: read?.[0] ?? 0 }
}
