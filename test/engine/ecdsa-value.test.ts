import { generateKeyPairSync, sign, verify } from 'node:crypto'
import t from 'tap'
import { ecdsaFromDer, ecdsaToDer } from '../../packages/xmldsig/src/signature/ecdsa-value.ts'

const curves = { 'P-256': 32, 'P-384': 48, 'P-521': 66 } as const

t.test('takes one form for the other, in every curve, as Node does', async t => {
  for (const [namedCurve, octets] of Object.entries(curves)) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
    // Enough for integers of one and two octets less, which are the shorter in DER.
    for (let i = 0; i < 600; i++) {
      const message = Buffer.from(`message ${i}`)
      const der = sign('sha256', message, privateKey)
      const value = ecdsaFromDer(der, 2 * octets)
      const isGood =
        verify('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, value) && ecdsaToDer(value).equals(der)
      if (!isGood) t.fail(`${namedCurve}: ${der.toString('hex')}`)
    }
  }
})

t.test('writes each integer as short as it may be, and never negative', async t => {
  const cases: readonly (readonly [value: string, der: string])[] = [
    ['00010002', '3006020101020102'],
    ['00800000', '300702020080020100'],
    ['8000ffff', '300a02030080000203 00ffff'],
  ]
  for (const [value, der] of cases) {
    const octets = Buffer.from(der.replaceAll(' ', ''), 'hex')
    t.same(ecdsaToDer(Buffer.from(value, 'hex')), octets)
    t.same(ecdsaFromDer(octets, 4).toString('hex'), value)
  }
  const longest = Buffer.alloc(132, 0xff)
  t.same(ecdsaToDer(longest).subarray(0, 3).toString('hex'), '30818a')
  t.same(ecdsaFromDer(ecdsaToDer(longest), 132), longest)
})
