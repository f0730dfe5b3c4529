// The attacks on documents that `sender attack` tries, over real mutual TLS: each is refused with
// its own code, and leaves nothing behind.
import { generateKeyPairSync } from 'node:crypto'
import { loadIdentity } from '@seg/pki'
import t from 'tap'
import { call, post, refusalOf } from '../../packages/receiver/src/testing/client.ts'
import { makeCerts, openGateway, receiverId, senderId } from '../../packages/receiver/src/testing/gateway.ts'
import { forge } from '../../packages/sender/src/attack/forging.ts'
import { documentAttacks } from '../../packages/sender/src/attack/library.ts'
import { openScene } from '../../packages/sender/src/attack/scene.ts'

t.test('refuses', async t => {
  const certs = await makeCerts(t)
  const gateway = await openGateway(t, certs)
  const other = await loadIdentity(await makeCerts(t), 'sender')
  const scene = openScene({ id: 'doc1', sender: senderId, receiver: receiverId })
  const cases = Object.values(documentAttacks).flatMap(of => Object.entries(of(scene)))
  t.ok(cases.length > 100, 'the library is not empty')
  for (const [name, [code, make]] of cases) {
    await t.test(name, async t => {
      const answer = await post(gateway, Buffer.from(make(gateway.sender, other)))
      t.equal(refusalOf(answer), code)
      t.notMatch(answer.body.toString(), /expected|found/, 'the detail stays here')
      t.same(await Array.fromAsync(gateway.gate.ledger.list()), [], 'nothing is stored')
    })
  }

  await t.test('but takes the honest document, so that these tests can fail', async t => {
    t.equal((await post(gateway, Buffer.from(forge(scene.honest, gateway.sender)))).status, 201)
    t.equal((await call(gateway, { path: '/v1/receipts/doc1' })).status, 200)
  })
})

t.test('an RSA sender is held to the same', async t => {
  const certs = await makeCerts(t)
  const gateway = await openGateway(t, certs)
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { honest } = openScene({ id: 'doc1', sender: senderId, receiver: receiverId })
  const forged = forge(honest, { key: privateKey, certificate: gateway.sender.certificate })
  t.equal(refusalOf(await post(gateway, Buffer.from(forged))), '422 signature-algorithm')
})
