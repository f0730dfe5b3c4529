// The origin of a stored document, verified again as it was when it was accepted: its signature,
// with the certificate that was kept, and that certificate's way to a CA that is trusted. Nothing
// here takes the ledger's word for anything but the time.
import { X509Certificate } from 'node:crypto'
import { Fault, quote } from '@seg/core'
import type { AcceptedDocument, CheckOrigin, ReadOctets } from '@seg/ledger'
import { checkKeptChain, logName, type TrustPolicy } from '@seg/pki'
import { type DocumentType, defaultTypes, openVerifier, type VerifiedDocument, Verifier } from '@seg/xmldsig'

/** Certificates read once, not for each document. */
const REMEMBERED = 1024

export function openOriginCheck(policy: TrustPolicy, types: readonly DocumentType[] = defaultTypes): CheckOrigin {
  const read = openCertificates()
  return async ({ document, chain, read: octets, log }) => {
    const certificates = chain.map(read)
    const [certificate] = certificates
    if (certificate === undefined) throw new Fault('certificate-invalid', 'expected a certificate, found none')
    checkKeptChain(certificates, document.sender, policy, new Date(document.acceptedAt))
    checkFields(await verifyOctets(certificate, octets, types), document, log)
  }
}

/** In as many passes as the signature asks for, without a limit of size: it was accepted. */
async function verifyOctets(
  certificate: X509Certificate,
  octets: ReadOctets,
  types: readonly DocumentType[],
): Promise<VerifiedDocument> {
  let verdict: VerifiedDocument | Verifier<VerifiedDocument> = openVerifier(certificate, {
    types,
    limits: { documentBytes: Number.MAX_SAFE_INTEGER },
  })
  while (verdict instanceof Verifier) {
    for await (const chunk of octets()) verdict.write(chunk)
    verdict = verdict.end()
  }
  return verdict
}

function checkFields(facts: VerifiedDocument, document: AcceptedDocument, log: string): void {
  expectSame('the document id', facts.id, document.id)
  expectSame('SenderID', facts.senderId, document.sender)
  expectSame('the log of ReceiverID', logName(facts.receiverId), log)
  expectSame('the Reference digest', facts.signature.digest.toString('base64'), document.referenceDigest)
}

function expectSame(what: string, found: string, expected: string): void {
  if (found !== expected)
    throw new Fault('log-invalid', `${what} is ${quote(found)}, the entry says ${quote(expected)}`)
}

function openCertificates(): (der: Buffer) => X509Certificate {
  const known = new Map<Buffer, X509Certificate>()
  return der => {
    const certificate = known.get(der) ?? parseCertificate(der)
    if (known.size >= REMEMBERED) known.clear()
    known.set(der, certificate)
    return certificate
  }
}

function parseCertificate(der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der)
  } catch (cause) {
    throw new Fault('certificate-invalid', 'the kept certificate cannot be read', { cause })
  }
}
