// xml-crypto agrees with us about every algorithm that it can be taught, and reports a changed
// document.
import { createHash, sign } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate, loadIdentity } from '@seg/pki'
import { verifyDocument } from '@seg/xmldsig'
import { askXmlCrypto } from '@seg/xmldsig/second-opinion'
import t from 'tap'
import { forge } from '../../packages/sender/src/attack/forging.ts'
import { issue, makeIssuer } from '../support/certificates.ts'

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
const ENC = 'http://www.w3.org/2001/04/xmlenc#'
const digests = { sha256: `${ENC}sha256`, sha384: `${MORE}sha384`, sha512: `${ENC}sha512` } as const
const canonical =
  '<CriticalDocument id="a"><SenderID>A</SenderID><ReceiverID>B</ReceiverID>' +
  '<TimestampForSignature>2026-11-23T12:00:00Z</TimestampForSignature>' +
  '<Payload>\u00fc &amp; text</Payload></CriticalDocument>'

for (const key of ['rsa-2048', 'ec-p256', 'ec-p384'] as const) {
  t.test(`agrees about documents signed with ${key}, and refuses changed ones`, async t => {
    const folder = await mkdtemp(join(tmpdir(), 'seg-opinion-'))
    t.teardown(() => rm(folder, { recursive: true, force: true }))
    await generate({ out: folder, key })
    const signer = await loadIdentity(folder, 'sender')
    for (const [hash, digestMethod] of Object.entries(digests)) {
      const signed = forge(canonical, signer, {
        digestMethod,
        digest: createHash(hash).update(canonical).digest('base64'),
        signatureMethod: `${MORE}${key === 'rsa-2048' ? 'rsa' : 'ecdsa'}-${hash}`,
        signWith: octets => sign(hash, octets, { key: signer.key, dsaEncoding: 'ieee-p1363' }),
      })
      const ask = (document: string, facts = verifyDocument(Buffer.from(signed), signer.certificate).signature) =>
        askXmlCrypto(Buffer.from(document), signer.certificate, facts)
      ask(signed)
      ask(`\ufeff${signed}`)
      t.throws(
        () => ask(signed.replace('text', 'Text')),
        { code: 'second-opinion', detail: /its digest or its signature value is another/ },
        hash,
      )
      t.throws(
        () => ask(signed.replace(/<SignatureValue>..../, '<SignatureValue>AAAA')),
        { code: 'second-opinion' },
        hash,
      )
      t.throws(
        () =>
          ask(signed, {
            ...verifyDocument(Buffer.from(signed), signer.certificate).signature,
            digest: Buffer.alloc(32),
          }),
        {
          code: 'second-opinion',
          detail: /it found other octets signed/,
        },
      )
      t.throws(() => ask(canonical), { code: 'second-opinion' }, 'no signature')
    }
  })
}

t.test('a document with two References is none that it agrees about, though both are signed', async t => {
  const signer = issue({}, makeIssuer('CA'))
  const facts = verifyDocument(Buffer.from(forge(canonical, signer)), signer.certificate).signature
  const twice = forge(canonical, signer, { signedInfo: xml => xml.replace(/<Reference .*<\/Reference>/, '$&$&') })
  t.throws(() => askXmlCrypto(Buffer.from(twice), signer.certificate, facts), {
    code: 'second-opinion',
    detail: 'xml-crypto does not find the signature valid: it found 2 signed References',
  })
})
