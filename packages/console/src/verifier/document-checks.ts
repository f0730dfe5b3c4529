// The document that a receipt is for: its bytes, its names, and who signed it.
import { checkDates, checkUse, findPath, nameCertificate, signerUse } from './certificates/certificate-path.ts'
import { checkRevocation } from './certificates/revocation.ts'
import { readX509 } from './certificates/x509.ts'
import { describeCheck, type EvidenceCheck, expectEqual, givenDocument } from './check.ts'
import { authoritiesAmong } from './given-files.ts'
import { expectProven, NotGiven } from './not-proven.ts'
import { base64Of, digestOctets, hexOf, octetsOfBase64 } from './octets.ts'
import { readSentDocument } from './sent-document.ts'
import { isDigestRight, readXmlSignature } from './xml-signature.ts'

const HOUR = 3_600_000
const LONGEST_WAY = 7 * 24 * HOUR

export const documentChecks = {
  document: describeCheck('it is for exactly these bytes', 'docs/receipt.md; FIPS 180-4', ['receipt'], async known => {
    const digest = base64Of(await digestOctets(givenDocument(known).octets))
    return expectEqual([['DocumentDigest', known.receipt.sha256, digest]], 'the document')
  }),
  names: describeCheck('it is for this sender, receiver and id', 'docs/profile.md, Envelope', ['receipt'], known => {
    const sent = readSentDocument(givenDocument(known).root)
    const { receiver, sender, document } = known.receipt
    const pairs = [
      ['ReceiverID', receiver, sent.receiver],
      ['SenderID', sender, sent.sender],
      ['DocumentID', document, sent.id],
    ] as const
    return expectEqual(pairs, 'the document')
  }),
  time: describeCheck('the time of acceptance is possible', 'docs/receipt.md', ['receipt'], known => {
    const { signedAt } = readSentDocument(givenDocument(known).root)
    const { acceptedAt } = known.receipt
    const from = signedAt - HOUR
    const to = Math.min(signedAt + LONGEST_WAY, known.now + HOUR)
    const isPossible = from <= Date.parse(acceptedAt) && Date.parse(acceptedAt) <= to
    const [first, last] = [from, to].map(time => new Date(time).toISOString())
    expectProven(isPossible, `AcceptedAt is ${acceptedAt}, expected ${first} to ${last}`, ['AcceptedAt'])
    return undefined
  }),
  signature: describeCheck('the document has one signature', 'XMLDSig 4', [], async known => ({
    signature: await readXmlSignature(givenDocument(known).root),
  })),
  reference: describeCheck(
    'the document is as it was signed',
    'XMLDSig 3.2.1',
    ['receipt', 'signature'],
    ({ receipt, signature }) => {
      expectProven(isDigestRight(signature), 'DigestValue of the document is not the digest of its canonical octets')
      return expectEqual([['ReferenceDigest', receipt.reference, base64Of(signature.signedDigest)]], 'the document')
    },
  ),
  signer: describeCheck(
    'the certificate of the sender is there',
    'docs/log.md, Entries',
    ['signature', 'facts'],
    async ({ given, signature, facts: { certificate } }) => {
      const claimed = await Promise.all(signature.certificates.map(readX509))
      const candidates = [...claimed, ...given.certificates, ...given.trustedCertificates]
      // An entry of version 1 names none: then it is the one that verifies (`value` below).
      const wanted =
        certificate === undefined ? candidates[0]?.fingerprint : hexOf(octetsOfBase64(certificate, 'Facts'))
      const signer = candidates.find(({ fingerprint }) => fingerprint === wanted)
      if (signer === undefined) throw new NotGiven(`the certificate of the sender, SHA-256 ${wanted ?? 'not named'}`)
      const other = claimed.find(({ fingerprint }) => fingerprint !== wanted)
      expectProven(
        other === undefined,
        `the document names ${other && nameCertificate(other)}, the entry of the log ${nameCertificate(signer)}`,
      )
      return { signer }
    },
  ),
  value: describeCheck(
    'the sender signed the document',
    'XMLDSig 3.2.2',
    ['signature', 'signer'],
    async ({ signature, signer }) => {
      expectProven(await signature.isValueOf(signer.publicKey), 'the signature value of the document does not verify')
      return undefined
    },
  ),
  'signer-issuer': describeCheck(
    'a CA that you trust issued the certificate of the sender',
    'RFC 5280 6.1.3',
    ['receipt', 'signer'],
    async ({ given, receipt, signer }) => {
      const between = authoritiesAmong(given.certificates)
      const at = Date.parse(receipt.acceptedAt)
      return { signerPath: await findPath(signer, given.trustedCertificates, between, at) }
    },
  ),
  'signer-dates': describeCheck(
    'it was in date when the document was accepted',
    'RFC 5280 4.1.2.5',
    ['receipt', 'signerPath'],
    ({ receipt, signerPath }) => checkDates(signerPath, Date.parse(receipt.acceptedAt)),
  ),
  'signer-revocation': describeCheck(
    'it was not revoked',
    'RFC 5280 6.3',
    ['receipt', 'signerPath'],
    async ({ given, receipt, signerPath }) => {
      await checkRevocation(signerPath, given.lists, Date.parse(receipt.acceptedAt))
      return undefined
    },
  ),
  'signer-use': describeCheck('it is for signatures', 'RFC 5280 4.2.1', ['signerPath'], ({ signerPath }) =>
    checkUse(signerPath, signerUse),
  ),
  'signer-owner': describeCheck(
    'it is that of the sender',
    'docs/receipt.md',
    ['receipt', 'signerPath'],
    ({ receipt, signerPath: [signer, ...issuers] }) => {
      // One that the reader relies on itself is the sender's by the reader's own word.
      if (issuers.length === 0) return undefined
      return expectEqual([['SenderID', receipt.sender, signer.commonNames.join(' and ')]], 'its certificate')
    },
  ),
} as const satisfies Readonly<Record<string, EvidenceCheck>>
