// Signing: what is refused before, and what a private-key operation that fails does.
import {
  createPrivateKey,
  createSecretKey,
  generateKeyPairSync,
  generatePrimeSync,
  type JsonWebKeyInput,
  type KeyObject,
  sign as makeValue,
  X509Certificate,
} from 'node:crypto'
import { type KeyElsewhere, openPlacement, openSigner, type SigningMethod, verifyDocument } from '@seg/xmldsig'
import { signDocument } from '@seg/xmldsig/testing'
import t from 'tap'
import { forgeSignature } from '../../packages/sender/src/attack/forging.ts'
import { buildSignature } from '../../packages/xmldsig/src/signature/built-signature.ts'
import { issue, makeIssuer } from '../support/certificates.ts'

const canonical =
  '<CriticalDocument id="a"><SenderID>A</SenderID><ReceiverID>B</ReceiverID>' +
  '<TimestampForSignature>2026-11-23T12:00:00Z</TimestampForSignature><Payload>text</Payload></CriticalDocument>'
const signer = issue({}, makeIssuer('CA'))
const verify = (document: string) => verifyDocument(Buffer.from(document), signer.certificate)

t.test('a Signature in which the digest stands twice is no pattern for later ones', async t => {
  const again = issue({}, makeIssuer('CA'))
  const digest = again.certificate.raw
  const first = await buildSignature(digest, again)
  t.equal(first.split(`>${digest.toString('base64')}<`).length, 3)
  const other = Buffer.alloc(32, 7)
  t.equal((await buildSignature(other, again)).split(`>${other.toString('base64')}<`).length, 2)
  t.match(await buildSignature(other, again), digest.toString('base64'), 'the certificate stays')
})

t.test('signs nothing that is signed, and with no key of another kind', async t => {
  const signed = await signDocument(Buffer.from(canonical), signer)
  t.equal(verify(signed.toString()).id, 'a')
  await t.rejects(signDocument(signed, signer), {
    code: 'signature-multiple',
    detail: 'the document has a Signature already; sign one that has none',
  })
  const inPayload = canonical.replace('text', forgeSignature(canonical, signer))
  await t.rejects(signDocument(Buffer.from(inPayload), signer), { code: 'signature-multiple' })
  const refused = (key: KeyObject, found: string) =>
    t.rejects(signDocument(Buffer.from(canonical), { ...signer, key }), {
      code: 'configuration',
      detail:
        'expected an RSA, EC or Ed25519 key to sign with: ' +
        `XML signatures have no algorithm for others; found ${found}`,
    })
  await refused(generateKeyPairSync('ed448').privateKey, 'ed448')
  await refused(createSecretKey(Buffer.alloc(32)), 'none')
})

t.test('a document by a key that is elsewhere must verify with the certificate, or it is not signed', async t => {
  const { certificate, key } = signer
  const holder = (key: KeyObject): KeyElsewhere => ({
    sign: async (octets, { hash }) => makeValue(hash, octets, { key, dsaEncoding: 'ieee-p1363' }),
  })
  const signed = await signDocument(Buffer.from(canonical), { certificate, key: holder(key) })
  t.equal(verify(signed.toString()).id, 'a')
  const other = issue({}, makeIssuer('CA'))
  await t.rejects(signDocument(Buffer.from(canonical), { certificate, key: holder(other.key) }), {
    code: 'configuration',
    detail: /not the key of the certificate/,
  })
})

t.test('a key that is elsewhere is asked in the way of its kind', async t => {
  const keys = generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
  const { certificate, key } = issue({ keys }, makeIssuer('CA'))
  const asked: SigningMethod[] = []
  const holder: KeyElsewhere = {
    async sign(octets, method) {
      asked.push(method)
      return makeValue(method.hash, octets, { key, saltLength: method.saltLength! })
    },
  }
  const signed = await signDocument(Buffer.from(canonical), { certificate, key: holder })
  t.equal(verifyDocument(signed, certificate).id, 'a')
  t.same(asked, [{ kind: 'rsa-pss', hash: 'sha256', saltLength: 32 }])
})

t.test('a key of RSASSA-PSS signs with the hash that it is for, or not at all', async t => {
  type Parameters = { hashAlgorithm?: string; mgf1HashAlgorithm?: string; saltLength?: number }
  const signWith = async (options: Parameters) => {
    const { privateKey: key } = generateKeyPairSync('rsa-pss', { modulusLength: 2048, ...options } as {
      modulusLength: number
    })
    return (await signDocument(Buffer.from(canonical), { ...signer, key })).toString()
  }
  t.match(await signWith({}), 'xmldsig-more#sha256-rsa-MGF1"')
  const sha512 = { hashAlgorithm: 'sha512', mgf1HashAlgorithm: 'sha512' }
  t.match(await signWith({ ...sha512, saltLength: 64 }), 'xmldsig-more#sha512-rsa-MGF1"')
  for (const options of [
    { hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha512' },
    { hashAlgorithm: 'sha1', mgf1HashAlgorithm: 'sha1' },
    { ...sha512, saltLength: 65 },
  ])
    await t.rejects(signWith(options), { code: 'configuration', detail: /cannot sign with this RSA-PSS key/ })
})

t.test('refuses to sign what is no CriticalDocument', async t => {
  const rejects = (document: string, code: string) => t.rejects(signDocument(Buffer.from(document), signer), { code })
  await rejects(canonical.replace(' id="a"', ''), 'envelope-malformed')
  await rejects(canonical.replace('2026-11-23', '2026-02-29'), 'timestamp-malformed')
  await rejects('<a>', 'xml-malformed')
})

t.test('a document that comes in pieces is signed as it is in one', async t => {
  const bytes = Buffer.from(`<?xml version="1.0"?>\n${canonical}\n`)
  for (const size of [1, 7, 100, 1000]) {
    const opened = openSigner(signer)
    for (let at = 0; at < bytes.length; at += size) opened.signer.write(bytes.subarray(at, at + size))
    const placed = await opened.signer.end()
    t.match(placed, { offset: bytes.indexOf('</CriticalDocument>'), canonicalBytes: canonical.length })
    t.equal(opened.readEnvelope().id, 'a')
    const signed: Uint8Array[] = []
    openPlacement(placed, octets => signed.push(octets))(bytes)
    t.equal(verifyDocument(Buffer.concat(signed), signer.certificate).id, 'a', `pieces of ${size} bytes`)
  }
})

t.test('every Signature of a signer is the one that xml-crypto would build', async t => {
  const again = () => ({ ...signer, certificate: new X509Certificate(signer.certificate.raw) })
  const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const withoutValue = (document: Buffer) => document.toString().replace(/<SignatureValue>[^<]*</, '<SignatureValue><')
  for (const key of [signer.key, rsa]) {
    const known = { ...again(), key }
    for (const text of ['first', 'second', 'third']) {
      const document = Buffer.from(canonical.replace('>text<', `>${text}<`))
      const [signed, built] = [await signDocument(document, known), await signDocument(document, { ...again(), key })]
      t.equal(withoutValue(signed), withoutValue(built))
      if (key === rsa) t.same(signed, built)
      else t.equal(verify(signed.toString()).id, 'a')
    }
  }
  const other = await signDocument(Buffer.from(canonical), { ...signer, key: rsa })
  t.throws(() => verify(other.toString()), { code: 'signature-algorithm' }, 'another key under one certificate')
})

t.test('refuses to sign with a key that no verifier would accept', async t => {
  await t.rejects(signDocument(Buffer.from(canonical), { ...signer, key: makeShortKey() }), {
    code: 'configuration',
    detail: 'cannot sign with this key: expected an RSA key of at least 2048 bits, found 384',
  })
})

t.test('a private-key operation that fails is a fault of the configuration', async t => {
  await t.rejects(signDocument(Buffer.from(canonical), { ...signer, key: makeEvenKey() }), {
    code: 'configuration',
    detail: /^the private key cannot sign: /,
  })
})

/** An RSA key of 2048 bits whose modulus is even: OpenSSL takes it, and finds out when it signs. */
function makeEvenKey(): KeyObject {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
  const modulus = Buffer.from(key.n!, 'base64url')
  modulus[modulus.length - 1]! &= 0xfe
  return createPrivateKey({
    format: 'jwk',
    key: { ...key, n: modulus.toString('base64url') } as JsonWebKeyInput['key'],
  })
}

/** An RSA key too short for the digest that it is to sign; OpenSSL makes none, but takes it. */
function makeShortKey(): KeyObject {
  const [p, q, e] = [generatePrimeSync(192, { bigint: true }), generatePrimeSync(192, { bigint: true }), 65537n]
  const d = invert(e, (p - 1n) * (q - 1n))
  const numbers = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: invert(q, p) }
  const encode = (number: bigint) =>
    Buffer.from(number.toString(16).padStart(2 * Math.ceil(number.toString(16).length / 2), '0'), 'hex')
  const key = Object.fromEntries(
    Object.entries(numbers).map(([name, number]) => [name, encode(number).toString('base64url')]),
  )
  return createPrivateKey({ format: 'jwk', key: { kty: 'RSA', ...key } })
}

/** The inverse of `a` modulo `m`, by Euclid. */
function invert(a: bigint, m: bigint): bigint {
  let [r, nextR, s, nextS] = [a, m, 1n, 0n]
  while (nextR > 0n) [r, nextR, s, nextS] = [nextR, r % nextR, nextS, s - (r / nextR) * nextS]
  return ((s % m) + m) % m
}
