import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import t from 'tap'
import { logName, makeLogKey } from './log-key.ts'

t.test('the verifier key, read as C2SP signed-note says, verifies what the log key signs', async t => {
  const { privateKey, verifierKey } = makeLogKey('Ministry of X + Y')
  const [, name = '', hash, base64 = ''] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(verifierKey) ?? []
  t.equal(name, 'Ministry%20of%20X%20%2B%20Y')
  const typed = Buffer.from(base64, 'base64')
  t.equal(typed[0], 1, 'the type of Ed25519')
  t.equal(typed.length, 33)
  t.equal(hash, createHash('sha256').update(`${name}\n`).update(typed).digest().subarray(0, 4).toString('hex'))

  const publicKey = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: typed.subarray(1).toString('base64url') },
    format: 'jwk',
  })
  const text = Buffer.from('Ministry%20of%20X%20%2B%20Y\n1\nAAAA\n')
  t.ok(verify(null, text, publicKey, sign(null, text, createPrivateKey(privateKey))))
})

t.test("every receiver's id has a log name of its own, without space or plus", async t => {
  const ids = ['MINISTRY 2_SEG01', 'MINISTRY%202_SEG01', 'MINISTRY+2_SEG01', 'MINISTRY\u00e4', "a!'()*", 'a-._~b']
  const names = ids.map(logName)
  t.equal(new Set(names).size, ids.length)
  for (const [i, name] of names.entries()) {
    t.match(name, /^[A-Za-z0-9._~%-]+$/)
    t.equal(decodeURIComponent(name), ids[i])
  }
})
