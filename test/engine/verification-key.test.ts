// The keys that the profile knows, with the algorithms of their kind; and the keys and algorithms
// that it does not.
import {
  constants,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  type X509Certificate,
} from 'node:crypto'
import { type SignatureFacts, verifyDocument } from '@seg/xmldsig'
import t from 'tap'
import { issueCertificate } from '../../packages/pki/src/issuing/issue.ts'
import { type Changes, forge } from '../../packages/sender/src/attack/forging.ts'
import { makeIssuer } from '../support/certificates.ts'

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
const MORE_2007 = 'http://www.w3.org/2007/05/xmldsig-more#'
const ED25519 = 'http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519'
const canonical =
  '<CriticalDocument id="a"><SenderID>A</SenderID><ReceiverID>B</ReceiverID>' +
  '<TimestampForSignature>2026-11-23T12:00:00Z</TimestampForSignature><Payload></Payload></CriticalDocument>'
const hashes = ['sha256', 'sha384', 'sha512'] as const
const issuer = makeIssuer('CA')

type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
type Options = { readonly padding?: number; readonly saltLength?: number }

function certificateOf(publicKey: KeyObject): X509Certificate {
  const keys = { publicKey, privateKey: issuer.keys.privateKey }
  return issueCertificate(
    { profile: 'sender', name: 'A', keys, notBefore: new Date(0), notAfter: new Date(2 ** 42) },
    issuer,
  )
}

function signWith({ privateKey }: Pair, hash: string | null, options: Options = {}): (octets: Buffer) => Buffer {
  return octets => sign(hash, octets, { key: privateKey, dsaEncoding: 'ieee-p1363', ...options })
}

function verify({ publicKey, privateKey }: Pair, changes: Changes): SignatureFacts {
  const certificate = certificateOf(publicKey)
  return verifyDocument(Buffer.from(forge(canonical, { key: privateKey, certificate }, changes)), certificate).signature
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve })
const p256 = ec('P-256')
const ed25519 = generateKeyPairSync('ed25519')
const pss = (saltLength: number): Options => ({ padding: constants.RSA_PKCS1_PSS_PADDING, saltLength })

t.test('accepts each algorithm with the keys of its kind', async t => {
  const rsaPss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
  for (const hash of hashes) {
    const accepted = (what: string, pair: Pair, signatureMethod: string, options?: Options) =>
      t.equal(
        verify(pair, { signatureMethod, signWith: signWith(pair, hash, options) }).signatureAlgorithm,
        signatureMethod,
        what,
      )
    accepted('RSA', rsa, `${MORE}rsa-${hash}`)
    for (const curve of ['P-256', 'P-384', 'P-521']) accepted(curve, ec(curve), `${MORE}ecdsa-${hash}`)
    const salt = pss(Number(hash.slice(3)) / 8)
    accepted('RSA, salted', rsa, `${MORE_2007}${hash}-rsa-MGF1`, salt)
    accepted('an RSA-PSS key', rsaPss, `${MORE_2007}${hash}-rsa-MGF1`, salt)
  }
  t.equal(
    verify(rsa, { signatureMethod: `${MORE_2007}rsa-pss`, signWith: signWith(rsa, 'sha256', pss(32)) }).digestAlgorithm,
    'sha256',
  )
  t.equal(verify(ed25519, { signatureMethod: ED25519, signWith: signWith(ed25519, null) }).signatureAlgorithm, ED25519)
  const odd = generateKeyPairSync('rsa', { modulusLength: 2049 })
  t.ok(verify(odd, { signWith: signWith(odd, 'sha256') }), 'a modulus that does not end with a byte')
})

t.test('refuses an algorithm that is not of the kind of the key', async t => {
  const refused = (pair: Pair, signatureMethod: string, detail: string) =>
    t.throws(() => verify(pair, { signatureMethod, signWith: () => Buffer.alloc(64) }), {
      code: 'signature-algorithm',
      detail,
    })
  const expected = (kind: string, algorithm: string, kinds: string) =>
    `expected an algorithm for the certificate's ${kind} key, found ${algorithm}, which is for ${kinds} keys`
  const cases: readonly (readonly [pair: Pair, kind: string, algorithm: string, kinds: string])[] = [
    [rsa, 'rsa', `${MORE}ecdsa-sha256`, 'ec'],
    [rsa, 'rsa', ED25519, 'ed25519'],
    [p256, 'ec', `${MORE}rsa-sha256`, 'rsa'],
    [p256, 'ec', `${MORE_2007}sha256-rsa-MGF1`, 'rsa and rsa-pss'],
    [ed25519, 'ed25519', `${MORE}ecdsa-sha512`, 'ec'],
    // RFC 8017: a key for RSASSA-PSS is for nothing else.
    [generateKeyPairSync('rsa-pss', { modulusLength: 2048 }), 'rsa-pss', `${MORE}rsa-sha256`, 'rsa'],
  ]
  for (const [pair, kind, algorithm, kinds] of cases) refused(pair, algorithm, expected(kind, algorithm, kinds))
})

t.test('refuses a value of another length, salt, hash or form', async t => {
  const refused = (what: string, pair: Pair, changes: Changes, detail: string | RegExp) =>
    t.throws(() => verify(pair, changes), { code: 'signature-value', detail }, what)
  const wrong =
    /^the signature value over SignedInfo does not verify .* another key, .*; the digest .* is the one in SignedInfo$/
  for (const bytes of [0, 63, 65])
    refused(
      `${bytes} bytes`,
      p256,
      { signWith: () => Buffer.alloc(bytes) },
      `expected a signature value of 64 bytes, found ${bytes}`,
    )
  refused('RSA', rsa, { signWith: () => Buffer.alloc(255) }, 'expected a signature value of 256 bytes, found 255')
  refused('zeros', p256, { signWith: () => Buffer.alloc(64) }, wrong)
  refused(
    'DER',
    p256,
    { signWith: octets => sign('sha256', octets, p256.privateKey) },
    /^expected a signature value of 64 bytes/,
  )
  refused('another hash', rsa, { signWith: signWith(rsa, 'sha512') }, wrong)
  refused('RSA-PSS for RSA', rsa, { signWith: signWith(rsa, 'sha256', pss(32)) }, wrong)
  const salted = { signatureMethod: `${MORE_2007}sha256-rsa-MGF1` }
  refused('another salt', rsa, { ...salted, signWith: signWith(rsa, 'sha256', pss(20)) }, wrong)
  refused('RSA for RSA-PSS', rsa, { ...salted, signWith: signWith(rsa, 'sha256') }, wrong)
})

t.test('refuses keys outside the profile, before anything is signed with them', async t => {
  const refused = (what: string, publicKey: KeyObject, detail: string) =>
    t.throws(() => verifyDocument(Buffer.of(), certificateOf(publicKey)), { code: 'signature-key', detail }, what)
  const rsaKey = (modulusLength: number, publicExponent = 65537) =>
    generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey
  refused('RSA-2047', rsaKey(2047), 'expected an RSA key of at least 2048 bits, found 2047')
  refused('a small exponent', rsaKey(2048, 257), 'expected an RSA exponent of at least 65537, found 257')
  refused('another curve', ec('secp256k1').publicKey, 'expected the curve P-256, P-384 or P-521, found secp256k1')
  refused('Ed448', generateKeyPairSync('ed448').publicKey, 'expected an RSA, EC or Ed25519 key, found ed448')
  refused('P-256 but for its generator', withOwnGenerator(), 'expected the curve P-256, P-384 or P-521, found none')
})

/** CVE-2020-0601: on a curve whose generator the attacker chose, any public key is his own. */
function withOwnGenerator(): KeyObject {
  const { publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    paramEncoding: 'explicit',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  })
  const generator = Buffer.from('046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296', 'hex')
  publicKey.copy(publicKey, publicKey.indexOf(generator), publicKey.length - 65)
  return createPublicKey({ key: publicKey, format: 'der', type: 'spki' })
}

t.test('the digest is the one that the Reference names', async t => {
  const identifiers = { sha384: `${MORE}sha384`, sha512: 'http://www.w3.org/2001/04/xmlenc#sha512' } as const
  for (const [hash, digestMethod] of Object.entries(identifiers)) {
    const digest = createHash(hash).update(canonical).digest()
    const changes = { digestMethod, digest: digest.toString('base64'), signWith: signWith(p256, 'sha256') }
    t.match(verify(p256, changes), { digestAlgorithm: hash, digest, canonicalBytes: canonical.length })
  }
})
