// Each row of the table of algorithms signs and verifies with the keys of its kinds, in the form of
// XMLDSig, and with the digest that its identifier names.
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import t from 'tap'
import { type SignatureRow, signatures } from '../../packages/xmldsig/src/signature/algorithms.ts'
import { valueBytesOf } from '../../packages/xmldsig/src/signature/key-kinds.ts'
import { makeSignatureValue, makeSignatureValueInPool } from '../../packages/xmldsig/src/signature/signature-value.ts'

const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve })
const pairs = {
  rsa: [generateKeyPairSync('rsa', { modulusLength: 2048 })],
  'rsa-pss': [generateKeyPairSync('rsa-pss', { modulusLength: 2048 })],
  ec: [ec('P-256'), ec('P-384'), ec('P-521')],
  ed25519: [generateKeyPairSync('ed25519')],
}
const octets = Buffer.from('octets')

function signInPool(row: SignatureRow, key: Parameters<typeof makeSignatureValue>[2]): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    makeSignatureValueInPool(octets, row, key, (error, value) => (error ? reject(error) : resolve(value!))),
  )
}

for (const row of Object.values(signatures)) {
  t.test(`what ${row.identifier} signs, Node verifies, and nothing else`, async t => {
    const hash = /sha(?:256|384|512)/.exec(row.identifier.split('#')[1]!)?.[0]
    for (const { privateKey, publicKey } of row.kinds.flatMap(kind => pairs[kind])) {
      const verifies = (value: Buffer, content: Buffer) =>
        verify(row.hash, content, { key: publicKey, dsaEncoding: 'ieee-p1363', ...row.pss }, value)
      for (const value of [makeSignatureValue(octets, row, privateKey), await signInPool(row, privateKey)]) {
        t.equal(value.length, valueBytesOf(publicKey))
        t.ok(verifies(value, octets))
        t.notOk(verifies(value, Buffer.from('other octets')))
      }
    }
    if (hash !== undefined) t.equal(row.hash, hash)
  })
}

t.test('a key that cannot sign with the algorithm is an error of the signer', async t => {
  const row = Object.values(signatures)[0]!
  const { publicKey } = pairs.ed25519[0]!
  t.throws(() => makeSignatureValue(octets, row, publicKey))
  await t.rejects(signInPool(row, pairs.ed25519[0]!.privateKey))
})

t.test('a key of a known curve with another generator is of no curve, and refused', async t => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' })
  const key = publicKey.export({ format: 'der', type: 'spki' })
  t.equal(valueBytesOf(createPublicKey({ key, format: 'der', type: 'spki' })), 64)
  // Both are points of 65 octets: the generator, an OCTET STRING, and the key, at the end.
  key.copy(key, key.indexOf(Buffer.of(0x04, 65, 0x04)) + 2, key.length - 65)
  t.throws(() => valueBytesOf(createPublicKey({ key, format: 'der', type: 'spki' })), {
    code: 'signature-key',
    detail: 'expected the curve P-256, P-384 or P-521, found none',
  })
})
