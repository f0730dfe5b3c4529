// Documents that are not held in memory, and whose algorithms are known only at their end: verified
// from the staged bytes in a second pass.
import { createHash, sign } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { post, refusalOf } from '../../packages/receiver/src/testing/client.ts'
import { makeCerts, openGateway, receiverId, senderId } from '../../packages/receiver/src/testing/gateway.ts'
import { ENVELOPED, forge, transform } from '../../packages/sender/src/attack/forging.ts'

const SHA512 = 'http://www.w3.org/2001/04/xmlenc#sha512'
const ECDSA_SHA512 = 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512'
const certs = await makeCerts(t)

/** A document in canonical form. */
function write(id: string, payload: string): string {
  const timestamp = `${new Date().toISOString().slice(0, 19)}Z`
  return (
    `<CriticalDocument id="${id}"><SenderID>${senderId}</SenderID><ReceiverID>${receiverId}</ReceiverID>` +
    `<TimestampForSignature>${timestamp}</TimestampForSignature><Payload>${payload}</Payload></CriticalDocument>`
  )
}

t.test(
  'large and small documents with other algorithms are accepted as they are, and not when they were changed',
  async t => {
    const gateway = await openGateway(t, certs)
    const { sender } = gateway
    for (const [id, size] of [
      ['small', 100],
      ['large', 2_000_000],
    ] as const) {
      const canonical = write(id, '<a b="1">text</a>'.repeat(Math.ceil(size / 17)))
      const changes = {
        digestMethod: SHA512,
        digest: createHash('sha512').update(canonical).digest('base64'),
        signatureMethod: ECDSA_SHA512,
        signWith: (octets: Buffer) => sign('sha512', octets, { key: sender.key, dsaEncoding: 'ieee-p1363' }),
        // Inclusive canonicalization, which is what a Reference without one gets.
        transforms: transform(ENVELOPED),
      }
      const signed = Buffer.from(forge(canonical, sender, changes))
      const changed = Buffer.from(signed.toString().replace('text', 'Text'))
      t.equal(refusalOf(await post(gateway, changed)), '422 signature-digest', `${id}, changed`)
      t.match(gateway.log.at(-1)?.msg, /signature-digest: computed sha512 /)
      t.equal((await post(gateway, signed)).status, 201, id)
      t.ok((await gateway.stored(id))?.equals(signed))
      const forged = forge(canonical, sender, {
        ...changes,
        signWith: octets => changes.signWith(Buffer.concat([octets, octets])),
      })
      t.equal(
        refusalOf(await post(gateway, Buffer.from(forged))),
        '422 signature-value',
        `${id}, with the signature of something else`,
      )
    }
    t.same(await readdir(join(gateway.data, 'staging')), [])
  },
)
