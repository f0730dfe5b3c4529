// Every kind of key, with every algorithm that a document can name and every form of signature
// value: a verdict, and never an exception of OpenSSL's.
import { createHash, generateKeyPairSync, type KeyObject, type X509Certificate } from 'node:crypto'
import { Fault } from '@seg/core'
import { verifyDocument } from '@seg/xmldsig'
import { signDocument } from '@seg/xmldsig/testing'
import t from 'tap'
import { call, credentials, refusalOf } from '../../packages/receiver/src/testing/client.ts'
import { makeCerts, openGateway } from '../../packages/receiver/src/testing/gateway.ts'
import { forge } from '../../packages/sender/src/attack/forging.ts'
import { signatures } from '../../packages/xmldsig/src/signature/algorithms.ts'
import { der, issueAny } from '../support/any-certificate.ts'
import { makeIssuer, openIssuer } from '../support/certificates.ts'

const SEED = 'hostile keys'
const PSS_NAMESPACE = 'http://www.w3.org/2007/05/xmldsig-more#'
const canonical =
  '<CriticalDocument id="a"><SenderID>A</SenderID><ReceiverID>B</ReceiverID>' +
  '<TimestampForSignature>2026-11-23T12:00:00Z</TimestampForSignature><Payload></Payload></CriticalDocument>'
const hashes = ['sha256', 'sha384', 'sha512'] as const
const issuer = makeIssuer('CA')
const forger = makeIssuer('A')

/** The same octets in each run. */
function seeded(name: string, bytes: number): Buffer<ArrayBuffer> {
  return createHash('shake256', { outputLength: bytes }).update(`${SEED} ${name}`).digest() as Buffer<ArrayBuffer>
}

const oid = (octets: string) => der(0x06, Buffer.from(octets, 'hex'))
const sequence = (...values: Buffer[]) => der(0x30, ...values)
const spki = (algorithm: Buffer, key: Buffer) => sequence(algorithm, der(0x03, Buffer.of(0), key))
const RSA = '2a864886f70d010101'
const RSASSA_PSS = '2a864886f70d01010a'
const digestIdentifiers = {
  sha1: '2b0e03021a',
  sha256: '608648016503040201',
  sha384: '608648016503040202',
  sha512: '608648016503040203',
  sha3: '608648016503040208',
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const rsaPublic = rsa.publicKey.export({ type: 'pkcs1', format: 'der' })

/** RFC 4055 3.1. What is undefined is left out. */
function pssKey(hash?: string, mask?: string, salt?: number): Buffer {
  const digest = (name: string) => sequence(oid(digestIdentifiers[name as keyof typeof digestIdentifiers]))
  const parameters = sequence(
    ...(hash === undefined ? [] : [der(0xa0, digest(hash))]),
    ...(mask === undefined ? [] : [der(0xa1, sequence(oid('2a864886f70d010108'), digest(mask)))]),
    ...(salt === undefined ? [] : [der(0xa2, der(0x02, Buffer.of(salt)))]),
  )
  return spki(sequence(oid(RSASSA_PSS), parameters), rsaPublic)
}

function rawRsa(modulus: Buffer, exponent = Buffer.from('010001', 'hex')): Buffer {
  const key = sequence(der(0x02, modulus), der(0x02, exponent))
  return spki(sequence(oid(RSA), der(0x05)), key)
}

function modulusOf(bytes: number): Buffer<ArrayBuffer> {
  const modulus = seeded(`modulus of ${bytes}`, bytes)
  modulus[0] = 0x7f
  modulus[bytes - 1]! |= 1
  return modulus
}

const publicKeyOf = (pair: { publicKey: KeyObject | string }) => pair.publicKey as KeyObject
const ec = (namedCurve: string, paramEncoding: 'named' | 'explicit' = 'named') =>
  publicKeyOf(generateKeyPairSync('ec', { namedCurve, paramEncoding }))
const P256 = sequence(oid('2a8648ce3d0201'), oid('2a8648ce3d030107'))

const keys: Record<string, KeyObject | Buffer> = {
  rsa: rsa.publicKey,
  'RSA with exponent 3': publicKeyOf(generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 })),
  'RSA with a modulus of zero': rawRsa(Buffer.of(0)),
  'RSA with a negative modulus': rawRsa(Buffer.concat([Buffer.of(0x80), modulusOf(256)])),
  'RSA with an even modulus': rawRsa(Buffer.concat([modulusOf(256), Buffer.of(0)])),
  'RSA with an exponent as long as its modulus': rawRsa(modulusOf(257), modulusOf(257)),
  'RSA with an even exponent': rawRsa(modulusOf(257), Buffer.from('010002', 'hex')),
  'RSA of 32,000 bits': rawRsa(modulusOf(4000)),
  'RSA without a key': spki(sequence(oid(RSA), der(0x05)), Buffer.of()),
  'RSASSA-PSS with parameters that are none': spki(sequence(oid(RSASSA_PSS), der(0x04, seeded('junk', 5))), rsaPublic),
  'RSASSA-PSS with SHA3-256': pssKey('sha3', 'sha3', 32),
  'a key of an unknown algorithm': spki(sequence(oid('2b060104')), seeded('unknown', 32)),
  'the point at infinity': spki(P256, Buffer.of(0)),
  'a point off its curve': spki(P256, Buffer.concat([Buffer.of(4), seeded('point', 64)])),
  'EC without a curve': spki(sequence(oid('2a8648ce3d0201')), Buffer.concat([Buffer.of(4), seeded('point', 64)])),
  'Ed25519, one octet short': spki(sequence(oid('2b6570')), seeded('ed', 31)),
  'Ed25519, no point': spki(sequence(oid('2b6570')), Buffer.alloc(32, 0xff)),
  dsa: publicKeyOf(generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 })),
  dh: publicKeyOf(generateKeyPairSync('dh' as 'ed25519', { group: 'modp14' } as never)),
  ed25519: publicKeyOf(generateKeyPairSync('ed25519')),
  ed448: publicKeyOf(generateKeyPairSync('ed448')),
  x25519: publicKeyOf(generateKeyPairSync('x25519')),
  x448: publicKeyOf(generateKeyPairSync('x448')),
  'ml-dsa-44': publicKeyOf(generateKeyPairSync('ml-dsa-44')),
  'ml-kem-512': publicKeyOf(generateKeyPairSync('ml-kem-512')),
}
for (const curve of ['P-256', 'P-384', 'P-521', 'secp256k1', 'brainpoolP256r1', 'brainpoolP512t1', 'sect233k1']) {
  keys[curve] = ec(curve)
  keys[`${curve}, explicit`] = ec(curve, 'explicit')
}
for (const hash of [undefined, 'sha1', ...hashes])
  for (const mask of [undefined, 'sha1', ...hashes])
    for (const salt of [undefined, 0, 32, 33, 64, 127])
      keys[`RSASSA-PSS ${hash} ${mask} ${salt}`] = pssKey(hash, mask, salt)

/** n of P-256: r and s are less than that. */
const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')
const values = [0, 1, 55, 63, 64, 65, 72, 96, 114, 131, 132, 133, 255, 256, 257, 2420, 8192].flatMap(bytes => [
  Buffer.alloc(bytes),
  Buffer.alloc(bytes, 0xff),
  seeded(`value of ${bytes}`, bytes),
])
values.push(
  Buffer.concat([Buffer.alloc(32), order]),
  Buffer.concat([order, order]),
  Buffer.concat([Buffer.alloc(32, 1), Buffer.alloc(32)]),
)

const methods = Object.keys(signatures).flatMap((method): (readonly [string, string])[] =>
  method === `${PSS_NAMESPACE}rsa-pss` ? ['', ...hashes].map(hash => [method, hash] as const) : [[method, '']],
)

/**
 * The Fault of a document that names `method` and has `value`; undefined when it verified, and what
 * was thrown when that is no Fault.
 */
function verdictOn(certificate: X509Certificate, [method, hash]: readonly [string, string], value: Buffer): unknown {
  const changes = {
    signatureMethod: method,
    signWith: () => value,
    ...(hash !== '' && { signedInfo: (xml: string) => withParameters(xml, hash) }),
  }
  const document = forge(canonical, { key: forger.keys.privateKey, certificate }, changes)
  try {
    verifyDocument(Buffer.from(document), certificate)
    return undefined
  } catch (error) {
    return error
  }
}

function withParameters(signedInfo: string, hash: string): string {
  const identifier =
    hash === 'sha384' ? 'http://www.w3.org/2001/04/xmldsig-more#sha384' : `http://www.w3.org/2001/04/xmlenc#${hash}`
  const digest = `<DigestMethod xmlns="http://www.w3.org/2000/09/xmldsig#" Algorithm="${identifier}"></DigestMethod>`
  const mask = `<MaskGenerationFunction Algorithm="${PSS_NAMESPACE}MGF1">${digest}</MaskGenerationFunction>`
  const parameters =
    `<RSAPSSParams xmlns="${PSS_NAMESPACE}">${digest}${mask}` +
    `<SaltLength>${Number(hash.slice(3)) / 8}</SaltLength></RSAPSSParams>`
  return signedInfo.replace('></SignatureMethod>', `>${parameters}</SignatureMethod>`)
}

t.test('every key, algorithm and value gets a verdict with a 4xx code', async t => {
  const codes = new Set<string>()
  let count = 0
  for (const [name, key] of Object.entries(keys)) {
    const certificate = issueAny([['CN', 'A']], key, issuer)
    for (const method of methods) {
      const first = verdictOn(certificate, method, Buffer.alloc(1))
      const isFitting = first instanceof Fault && first.code === 'signature-value'
      for (const value of isFitting ? values : [Buffer.alloc(1)]) {
        const verdict = verdictOn(certificate, method, value)
        count++
        if (verdict instanceof Fault && verdict.status >= 400 && verdict.status < 500) codes.add(verdict.code)
        else t.fail(`${name}, ${method}, ${value.length} bytes: ${verdict ?? 'verified'}`)
      }
    }
  }
  t.same([...codes].sort(), ['signature-algorithm', 'signature-key', 'signature-value'], `${count} documents`)
})

t.test('a key that is restricted says what to, and what the document has instead', async t => {
  const method = `${PSS_NAMESPACE}sha256-rsa-MGF1`
  const refused = (key: Buffer, detail: RegExp) => {
    const verdict = verdictOn(issueAny([['CN', 'A']], key, issuer), [method, ''], Buffer.alloc(256))
    t.match(verdict, { code: 'signature-algorithm', detail })
  }
  refused(
    pssKey('sha512', 'sha512', 64),
    /^expected RSASSA-PSS with sha512, MGF1 with sha512 and a salt of 64 .* found sha256,/,
  )
  refused(pssKey('sha256', 'sha1', 32), /MGF1 with sha1 .* found sha256, MGF1 with sha256/)
  refused(pssKey('sha256', 'sha256', 33), /a salt of 33 bytes or more.* 32 bytes$/)
  const fitting = issueAny([['CN', 'A']], pssKey('sha256', 'sha256', 20), issuer)
  t.match(verdictOn(fitting, [method, ''], Buffer.alloc(256)), { code: 'signature-value' })
})

t.test('over TLS as well: 422 and a code, no 5xx', async t => {
  const certs = await makeCerts(t)
  const gateway = await openGateway(t, certs)
  const { privateKey, publicKey } = generateKeyPairSync('rsa-pss', {
    modulusLength: 2048,
    hashAlgorithm: 'sha512',
    mgf1HashAlgorithm: 'sha512',
  })
  const certificate = issueAny([['CN', 'MINISTRY 1_SEG01']], publicKey, await openIssuer(certs))
  const tls = {
    ...credentials(gateway),
    cert: certificate.toString(),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  }
  for (const method of Object.keys(signatures)) {
    const signing = { key: forger.keys.privateKey, certificate }
    const changes = { signatureMethod: method, signWith: () => Buffer.alloc(256) }
    const body = Buffer.from(forge(canonical, signing, changes))
    const headers = { 'content-type': 'application/xml', 'content-length': String(body.length) }
    const answer = await call(gateway, { method: 'POST', path: '/v1/documents', headers, body, tls })
    const expected = method.endsWith('sha512-rsa-MGF1') ? 'signature-value' : 'signature-algorithm'
    t.equal(refusalOf(answer), `422 ${expected}`, method)
  }
})

t.test('signing with a key that the profile does not know is a fault of the configuration', async t => {
  const pairs = {
    brainpool: generateKeyPairSync('ec', { namedCurve: 'brainpoolP256r1' }),
    secp256k1: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
    explicit: generateKeyPairSync('ec', { namedCurve: 'brainpoolP256r1', paramEncoding: 'explicit' }),
    pss: generateKeyPairSync('rsa-pss', { modulusLength: 2048, hashAlgorithm: 'sha512', mgf1HashAlgorithm: 'sha256' }),
    'RSA of 512 bits': generateKeyPairSync('rsa', { modulusLength: 512 }),
    ed448: generateKeyPairSync('ed448'),
    x25519: generateKeyPairSync('x25519'),
    'ml-dsa-44': generateKeyPairSync('ml-dsa-44'),
    dsa: generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }),
  }
  for (const [name, { privateKey, publicKey }] of Object.entries(pairs)) {
    const certificate = issueAny([['CN', 'A']], publicKey, issuer)
    const signing = signDocument(Buffer.from(canonical), { key: privateKey, certificate })
    await t.rejects(signing, { code: 'configuration' }, name)
  }
})
