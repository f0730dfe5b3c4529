// One pass or two: the algorithms that a signer may have used, and what happens between the passes.
import { createHash, generateKeyPairSync, hash, sign, X509Certificate } from 'node:crypto'
import { type SignatureFacts, Verifier, verifyDocument } from '@seg/xmldsig'
import t from 'tap'
import { type Changes, ENVELOPED, forge, transform } from '../../packages/sender/src/attack/forging.ts'
import { issue, makeIssuer } from '../support/certificates.ts'
import { EXCLUSIVE, INCLUSIVE, INCLUSIVE_11 } from '../support/engine.ts'

const canonical =
  '<CriticalDocument id="a"><SenderID>A</SenderID><ReceiverID>B</ReceiverID>' +
  '<TimestampForSignature>2026-11-23T12:00:00Z</TimestampForSignature><Payload>text</Payload></CriticalDocument>'
const signer = issue({}, makeIssuer('CA'))
const verify = (document: string) => verifyDocument(Buffer.from(document), signer.certificate)
const verifyWith = (changes: Changes) => verify(forge(canonical, signer, changes))
/** The signer's certificate, as of a connection that has not brought a document yet. */
const certificateAnew = () => new X509Certificate(signer.certificate.raw)
const openFactsVerifier = (certificate = certificateAnew()) =>
  new Verifier<SignatureFacts>(certificate, () => ({ read: facts => facts }), {})

t.test('other canonicalizations of the document cost a second pass, and give the same facts', async t => {
  const list = `<InclusiveNamespaces xmlns="${EXCLUSIVE}" PrefixList="p"></InclusiveNamespaces>`
  const rows: Record<string, [transforms: string, canonicalization: string, prefixes?: string]> = {
    'none, which is inclusive C14N': ['', INCLUSIVE],
    'inclusive C14N': [transform(INCLUSIVE), INCLUSIVE],
    'C14N 1.1': [transform(INCLUSIVE_11), INCLUSIVE_11],
    'exclusive C14N with a PrefixList': [transform(EXCLUSIVE, list), EXCLUSIVE],
    'exclusive C14N with an empty list': [transform(EXCLUSIVE, list.replace(' PrefixList="p"', '')), EXCLUSIVE],
  }
  for (const [what, [transforms, canonicalization]] of Object.entries(rows)) {
    const facts = verifyWith({ transforms: transform(ENVELOPED) + transforms }).signature
    t.match(facts, { canonicalization, canonicalBytes: canonical.length }, what)
    const changed = forge(canonical, signer, { transforms: transform(ENVELOPED) + transforms }).replace(
      '>text<',
      '>test<',
    )
    const [signed, computed] = [canonical, canonical.replace('>text<', '>test<')].map(text =>
      hash('sha256', text, 'base64'),
    )
    const detail = `computed sha256 ${computed} over ${canonical.length} canonical bytes, signed ${signed}`
    t.throws(() => verify(changed), { code: 'signature-digest', detail }, what)
  }
})

t.test('the algorithms that a signer used last are expected next', async t => {
  const certificate = certificateAnew()
  const countPasses = (changes: Changes) => {
    const document = Buffer.from(forge(canonical, signer, changes))
    let verifier = openFactsVerifier(certificate)
    for (let passes = 1; ; passes++) {
      verifier.write(document)
      const verdict = verifier.end()
      if (!(verdict instanceof Verifier)) return passes
      verifier = verdict
    }
  }
  const inclusive = { transforms: transform(ENVELOPED) + transform(INCLUSIVE) }
  const sha512 = {
    digestMethod: 'http://www.w3.org/2001/04/xmlenc#sha512',
    digest: createHash('sha512').update(canonical).digest('base64'),
  }
  t.same(
    [inclusive, inclusive, {}, {}, sha512, sha512, { ...inclusive, ...sha512 }, inclusive].map(countPasses),
    [2, 1, 2, 1, 2, 1, 2, 2],
  )
  const foreign = { ...inclusive, signWith: () => Buffer.alloc(64) }
  t.throws(() => countPasses(foreign), { code: 'signature-value' })
  t.equal(countPasses(inclusive), 1, 'a signature that does not verify changes nothing')
})

t.test('a document that changes between two passes is noticed', async t => {
  const passes = (first: Changes, second: Changes) => {
    const verifier = openFactsVerifier()
    verifier.write(Buffer.from(forge(canonical, signer, first)))
    const next = verifier.end()
    if (!(next instanceof Verifier)) throw new TypeError('one pass was enough')
    next.write(Buffer.from(forge(canonical, signer, second)))
    return next.end()
  }
  const listed = (prefix: string) => ({
    transforms:
      transform(ENVELOPED) +
      transform(EXCLUSIVE, `<InclusiveNamespaces xmlns="${EXCLUSIVE}" PrefixList="${prefix}"></InclusiveNamespaces>`),
  })
  t.match(passes(listed('p'), listed('p')), { canonicalization: EXCLUSIVE })
  const internal = { code: 'internal', detail: 'the document changed between two passes over it' }
  t.throws(() => passes(listed('p'), listed('q')), internal, 'another PrefixList')
  t.throws(() => passes(listed('p'), listed('p q')), internal, 'a longer PrefixList')
  t.throws(
    () => passes(listed('p'), { transforms: transform(ENVELOPED) + transform(INCLUSIVE) }),
    internal,
    'another algorithm',
  )
  const sha512 = createHash('sha512').update(canonical).digest('base64')
  const otherDigest = { ...listed('p'), digestMethod: 'http://www.w3.org/2001/04/xmlenc#sha512', digest: sha512 }
  t.throws(() => passes(listed('p'), otherDigest), internal, 'another digest')
})

t.test('a signature value is checked before a second pass begins', async t => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const foreign = forge(canonical, { ...signer, key: privateKey }, { transforms: transform(ENVELOPED) })
  const verifier = openFactsVerifier()
  verifier.write(Buffer.from(foreign))
  t.throws(() => verifier.end(), { code: 'signature-value' })
})

t.test('SignedInfo may be of any length, in one piece or several', async t => {
  const signedInfo = (xml: string) => xml.replace('<Reference ', `<Reference Id="${'i'.repeat(9000)}" `)
  const signature = (xml: string) => xml.replace('></CanonicalizationMethod>', '/>')
  t.equal(verifyWith({ signedInfo, signature }).id, 'a')
})

t.test('a document with xml:lang verifies under inclusive C14N of SignedInfo, whose octets then hold it', async t => {
  const document = canonical.replace('id="a"', 'id="a" xml:lang="en"')
  const withLang = (octets: Buffer) =>
    Buffer.from(octets.toString().replace(/^<SignedInfo xmlns="[^"]*"/, '$& xml:lang="en"'))
  const signWith = (octets: Buffer) => sign('sha256', withLang(octets), { key: signer.key, dsaEncoding: 'ieee-p1363' })
  t.equal(verify(forge(document, signer, { canonicalization: INCLUSIVE, signWith })).id, 'a')
  t.throws(() => verify(forge(document, signer, { canonicalization: INCLUSIVE })), { code: 'signature-value' })
})

t.test("an error of the caller's sink comes out as it is", async t => {
  const onCanonical = () => () => {
    throw new TypeError('the disk is full')
  }
  const large = canonical.replace('text', 'x'.repeat(200_000))
  t.throws(
    () => verifyDocument(Buffer.from(large), signer.certificate, { onCanonical }),
    new TypeError('the disk is full'),
  )
})

t.test('the canonical octets can be had, of each pass', async t => {
  const passes: Buffer[][] = []
  const onCanonical = () => {
    const chunks: Buffer[] = []
    passes.push(chunks)
    return (octets: Uint8Array) => void chunks.push(Buffer.from(octets))
  }
  const written = canonical.replace('text', "<a b='c'/>")
  const octets = canonical.replace('text', '<a b="c"></a>')
  for (const [transforms, count] of [
    [transform(ENVELOPED) + transform(EXCLUSIVE), 1] as const,
    [transform(ENVELOPED), 2] as const,
  ]) {
    const signature = /<Signature .*<\/Signature>/.exec(forge(octets, signer, { transforms }))![0]
    const signed = Buffer.from(written.replace('</CriticalDocument>', `${signature}$&`))
    passes.length = 0
    const { canonicalBytes, digest } = verifyDocument(signed, certificateAnew(), { onCanonical }).signature
    t.same(
      passes.map(chunks => Buffer.concat(chunks).toString()),
      Array.from({ length: count }, () => octets),
    )
    t.equal(canonicalBytes, octets.length)
    t.same(digest, createHash('sha256').update(octets).digest())
  }
})
