// Refusals that honest signers meet name their cause: what was found, and what to do about it.
import { createHash, createPublicKey } from 'node:crypto'
import { verifyDocument } from '@seg/xmldsig'
import t from 'tap'
import { issueCertificate } from '../../packages/pki/src/issuing/issue.ts'
import { call, credentials } from '../../packages/receiver/src/testing/client.ts'
import { makeCerts, openGateway } from '../../packages/receiver/src/testing/gateway.ts'
import { type Changes, ENVELOPED, EXCLUSIVE, forge, transform, x509 } from '../../packages/sender/src/attack/forging.ts'
import { issueAny } from '../support/any-certificate.ts'
import { issue, makeIssuer, openIssuer } from '../support/certificates.ts'

const INCLUSIVE = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'
const canonical =
  '<CriticalDocument id="a"><SenderID>A</SenderID><ReceiverID>B</ReceiverID>' +
  '<TimestampForSignature>2026-11-23T12:00:00Z</TimestampForSignature><Payload></Payload></CriticalDocument>'
const authority = makeIssuer('ROOT')
const signer = issue({ name: 'A' }, authority)

const indent = (xml: string) => xml.replaceAll('><', '>\n  <')
const refusal = (document: string) => {
  try {
    verifyDocument(Buffer.from(document), signer.certificate)
    return undefined
  } catch (error) {
    return error
  }
}
const withKeyInfo = (...certificates: Parameters<typeof x509>[0][]) =>
  refusal(forge(canonical, signer, { keyInfo: `<KeyInfo>${certificates.map(x509).join('')}</KeyInfo>` }))

t.test('a document that was indented after signing', async t => {
  t.match(refusal(indent(forge(canonical, signer))), { code: 'signature-digest' })
  const inclusive: Changes = { canonicalization: INCLUSIVE, transforms: transform(ENVELOPED) + transform(INCLUSIVE) }
  t.match(refusal(indent(forge(canonical, signer, inclusive))), {
    code: 'signature-value',
    detail: /another key, or SignedInfo was changed after signing, as by indenting .* was not computed$/,
    sentence: /or SignedInfo was changed after signing/,
  })
})

t.test('a SignedInfo that was changed, when the document was not', async t => {
  const indented = forge(canonical, signer).replace('</CanonicalizationMethod><', '</CanonicalizationMethod>\n<')
  t.match(refusal(indented), {
    code: 'signature-value',
    detail: /; the digest of the document is the one in SignedInfo$/,
  })
  const digest = createHash('sha256').update(canonical).digest('base64')
  const transforms = transform(ENVELOPED) + transform(EXCLUSIVE)
  const other = issue({ name: 'A' }, authority)
  t.match(refusal(forge(canonical, { ...signer, key: other.key }, { digest, transforms })), { code: 'signature-value' })
})

t.test('certificates in KeyInfo', async t => {
  const found = (what: string) => new RegExp(`^expected no certificate in KeyInfo but the sender's own, found ${what}`)
  const code = 'signature-key'
  const root = issue({ profile: 'ca', name: 'ROOT' }, { ...authority }).certificate
  const between = issue({ profile: 'ca', name: 'BETWEEN' }, authority).certificate
  t.match(withKeyInfo(signer.certificate, between), {
    code,
    detail: found(`a chain: the sender's own and an intermediate or root.* "CN=BETWEEN"`),
  })
  t.match(withKeyInfo(between), { code, detail: found('an intermediate or root certificate, of the CA "CN=BETWEEN"') })
  t.match(withKeyInfo(root), { code, detail: found('an intermediate or root certificate, of the CA "CN=ROOT"') })
  const { keys } = authority
  const notBefore = new Date(signer.certificate.validFrom)
  const notAfter = new Date(signer.certificate.validTo)
  const own = issueCertificate({ profile: 'ca', name: 'ROOT', keys, hosts: [], notBefore, notAfter }, authority)
  const issuing = 'the certificate of the CA "CN=ROOT" that issued it; leave out what is above the sender'
  t.match(withKeyInfo(own), { code, detail: found(issuing) })
  t.match(withKeyInfo(signer.certificate, own), { code, detail: found(`a chain: the sender's own and ${issuing}`) })
  t.match(withKeyInfo(issue({ name: 'C' }, authority).certificate), { code, detail: found('that of "CN=C"') })
  const renewed = issueAny([['CN', 'A']], signer.certificate.publicKey, authority)
  t.match(withKeyInfo(renewed), { code, detail: found('another of "CN=A", with the same key, valid from .* to ') })
  t.match(withKeyInfo(issue({ name: 'A', from: -9, to: -5 }, authority).certificate), {
    code,
    detail: found('another of "CN=A", with another key, valid from'),
  })
  const junk =
    '<KeyInfo><X509Data><X509Certificate>' +
    `${Buffer.from('junk').toString('base64')}</X509Certificate></X509Data></KeyInfo>`
  t.match(refusal(forge(canonical, signer, { keyInfo: junk })), {
    code,
    detail: found('octets that are no certificate'),
  })
})

t.test('a client certificate with two names', async t => {
  const certs = await makeCerts(t)
  const gateway = await openGateway(t, certs)
  const { key, keyPem } = issue({}, authority)
  const subject = [
    ['CN', 'MINISTRY 1_SEG01'],
    ['CN', 'MINISTRY 9_SEG01'],
  ] as const
  const publicKey = createPublicKey(key)
  const cert = issueAny(subject, publicKey, await openIssuer(certs)).toString()
  const answer = await call(gateway, {
    path: '/v1/log/checkpoint',
    tls: { ...credentials(gateway), cert, key: keyPem },
  })
  t.match(JSON.parse(answer.body.toString()), {
    status: 403,
    code: 'certificate-invalid',
  })
  t.match(gateway.log.at(-1)?.msg, /expected one CN .* found 2/)
})
