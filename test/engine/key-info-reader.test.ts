// The certificates that a document brings are read, and nothing more is said of them.
import { KeyInfoReader } from '@seg/xmldsig'
import t from 'tap'
import { type Changes, forge, x509 } from '../../packages/sender/src/attack/forging.ts'
import { issue, makeIssuer } from '../support/certificates.ts'

const canonical = '<r><c>text</c></r>'
const [signer, other] = [issue({}, makeIssuer('CA')), issue({}, makeIssuer('another CA'))]

const readCertificates = (changes: Changes) => {
  const reader = new KeyInfoReader()
  for (const octet of Buffer.from(forge(canonical, signer, changes))) reader.write(Uint8Array.of(octet))
  return reader.end().map(({ fingerprint256 }) => fingerprint256)
}

t.test('gives the certificates of KeyInfo in their order, for any signer', async t => {
  const own = signer.certificate.fingerprint256
  t.same(readCertificates({}), [own])
  const keyInfo = `<KeyInfo>${x509(other.certificate)}${x509(signer.certificate)}</KeyInfo>`
  t.same(readCertificates({ keyInfo }), [other.certificate.fingerprint256, own])
  t.same(readCertificates({ keyInfo: '' }), [])
})

t.test('refuses octets that are no certificate', async t => {
  const keyInfo = '<KeyInfo><X509Data><X509Certificate>AAAA</X509Certificate></X509Data></KeyInfo>'
  t.throws(() => readCertificates({ keyInfo }), {
    code: 'signature-malformed',
    detail: 'a certificate in KeyInfo cannot be read',
  })
})
