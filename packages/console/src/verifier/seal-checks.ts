// The seal of a receipt: its certificate, and that it covers the receipt as it stands.
import { checkDates, checkUse, findPath, sealUse } from './certificates/certificate-path.ts'
import { checkRevocation } from './certificates/revocation.ts'
import { readX509 } from './certificates/x509.ts'
import { concerning, describeCheck, type EvidenceCheck, expectEqual, givenReceipt } from './check.ts'
import { expectProven, NotProven } from './not-proven.ts'
import { base64Of } from './octets.ts'
import { readSealedReceipt } from './sealed-receipt.ts'
import { isDigestRight, readXmlSignature } from './xml-signature.ts'

const CERTIFICATE = ['X509Certificate']

export const sealChecks = {
  form: describeCheck('the receipt has its form', 'docs/receipt.md; XML 1.0', [], known => {
    const { root, octets } = givenReceipt(known)
    return { receipt: readSealedReceipt(root, octets.length) }
  }),
  seal: describeCheck('it has one signature, and in it the certificate of a seal', 'XMLDSig 4', [], async known => {
    const signature = await readXmlSignature(givenReceipt(known).root)
    const [der, ...more] = signature.certificates
    if (der === undefined || more.length > 0) throw new NotProven('expected one certificate in KeyInfo', CERTIFICATE)
    return { seal: { signature, certificate: await concerning(CERTIFICATE, () => readX509(der)) } }
  }),
  'seal-issuer': describeCheck(
    'a CA that you trust issued that certificate',
    'RFC 5280 6.1.3',
    ['receipt', 'seal'],
    async ({ given, receipt, seal }) => {
      const at = Date.parse(receipt.acceptedAt)
      const find = () => findPath(seal.certificate, given.trustedCertificates, [], at)
      return { sealPath: await concerning(CERTIFICATE, find) }
    },
  ),
  'seal-dates': describeCheck(
    'the certificate was in date when the document was accepted',
    'RFC 5280 4.1.2.5',
    ['receipt', 'sealPath'],
    ({ receipt, sealPath }) => checkDates(sealPath, Date.parse(receipt.acceptedAt)),
  ),
  'seal-revocation': describeCheck(
    'it was not revoked',
    'RFC 5280 6.3',
    ['receipt', 'sealPath'],
    async ({ given, receipt, sealPath }) => {
      const at = Date.parse(receipt.acceptedAt)
      await concerning(CERTIFICATE, () => checkRevocation(sealPath, given.lists, at))
      return undefined
    },
  ),
  'seal-use': describeCheck(
    'it is a certificate for seals',
    'RFC 9336; RFC 5280 4.2.1',
    ['sealPath'],
    async ({ sealPath }) => concerning(CERTIFICATE, async () => checkUse(sealPath, sealUse)),
  ),
  'seal-owner': describeCheck('it is that of the receiver', 'docs/receipt.md', ['receipt', 'seal'], found => {
    const { receipt, seal } = found
    return expectEqual(
      [['ReceiverID', receipt.receiver, seal.certificate.commonNames.join(' and ')]],
      'the certificate',
    )
  }),
  'seal-value': describeCheck('the seal was made with its key', 'XMLDSig 3.2.2', ['seal'], async ({ seal }) => {
    const fields = ['SignatureValue', 'DigestValue', ...CERTIFICATE]
    const holds = await concerning(fields, () => seal.signature.isValueOf(seal.certificate.publicKey))
    expectProven(holds, 'the signature value does not verify over SignedInfo', fields)
    return undefined
  }),
  'seal-digest': describeCheck('the receipt is as it was sealed', 'XMLDSig 3.2.1', ['seal'], async ({ seal }) => {
    const { signature, certificate } = seal
    if (isDigestRight(signature)) return undefined
    // Where the value verifies, DigestValue is what was sealed, and what it covers is what changed.
    const isSealed = await signature.isValueOf(certificate.publicKey).catch(() => false)
    const [says, gives] = [signature.signedDigest, signature.computedDigest].map(base64Of)
    throw new NotProven(
      `DigestValue is ${says}, the receipt gives ${gives}: it was changed after it was sealed`,
      isSealed ? [] : ['DigestValue'],
    )
  }),
} as const satisfies Readonly<Record<string, EvidenceCheck>>
