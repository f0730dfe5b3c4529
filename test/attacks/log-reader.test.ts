// A third partner reads all of the log: it learns kinds and times of entries, and cannot confirm
// what it guesses of the exchanges of others.
import { createHash, createHmac } from 'node:crypto'
import { verifyReceipt } from '@seg/xmldsig'
import t from 'tap'
import { call, credentials, post, refusalOf } from '../../packages/receiver/src/testing/client.ts'
import {
  makeCerts,
  makeDocument,
  openGateway,
  senderId,
  type TestGateway,
} from '../../packages/receiver/src/testing/gateway.ts'
import { openEntry, readEntry } from '../independent/entry.ts'
import { issue, openIssuer } from '../support/certificates.ts'

const certs = await makeCerts(t)
const third = issue({ name: 'MINISTRY 3_SEG01' }, await openIssuer(certs))
const sha256 = (...octets: Uint8Array[]) => createHash('sha256').update(Buffer.concat(octets)).digest()

/** What the third partner gets of a path. */
function fetchAsThird(gateway: TestGateway, path: string) {
  const tls = { ...credentials(gateway), cert: third.certificatePem, key: third.keyPem }
  return call(gateway, { path, tls })
}

/** Everything that a log of fewer than 256 entries serves. */
async function readAll(gateway: TestGateway): Promise<{ files: Buffer[]; entries: Buffer[] }> {
  const checkpoint = (await fetchAsThird(gateway, '/v1/log/checkpoint')).body
  const size = Number(checkpoint.toString().split('\n')[1])
  const [tile, bundle] = await Promise.all(
    ['', 'entries/'].map(async kind => {
      const path = kind === '' ? `0/000.p/${size}` : `${kind}000.p/${size}`
      const { status, body } = await fetchAsThird(gateway, `/v1/log/tile/${path}`)
      if (status !== 200) throw new Error(`${path}: ${status}`)
      return body
    }),
  )
  const entries: Buffer[] = []
  for (let at = 0; at < bundle!.length; at += 2 + bundle!.readUInt16BE(at))
    entries.push(bundle!.subarray(at + 2, at + 2 + bundle!.readUInt16BE(at)))
  return { files: [checkpoint, tile!, bundle!], entries }
}

t.test('all that others exchange is of one form: nothing but kinds and times differ', async t => {
  const gateway = await openGateway(t, certs)
  const document = await makeDocument(gateway, { payload: 'Lunch party at Saturday' })
  const large = await makeDocument(gateway, { id: 'much-longer-id', payload: 'x'.repeat(5000) })
  const changed = Buffer.from(document.toString().replace('Lunch', 'Dinner'))
  t.equal((await post(gateway, document)).status, 201)
  t.equal(refusalOf(await post(gateway, await makeDocument(gateway, { payload: 'Other' }))), '409 document-id-conflict')
  t.equal(refusalOf(await post(gateway, changed)), '422 signature-digest')
  // Nobody waits for the entry of a refusal; it is before that of what comes next.
  t.equal((await post(gateway, large)).status, 201)
  const { entries } = await readAll(gateway)
  const types = entries.map(octets => {
    const entry = readEntry(octets)
    t.same(Object.keys(entry), ['v', 'type', 'at', 'facts'])
    return entry.type
  })
  t.same(types, ['start', 'accepted', 'conflict', 'refused', 'accepted'])
  t.equal(entries[1]!.length, entries[4]!.length, 'whatever the facts, the length is the same')
})

t.test(
  'neither payload, nor digests, nor names, nor certificate can be confirmed by who knows all of them',
  async t => {
    const gateway = await openGateway(t, certs)
    const document = await makeDocument(gateway, { payload: 'Lunch party at Saturday' })
    const { body: receipt } = await post(gateway, document)
    const { logEntry, documentDigest, referenceDigest } = verifyReceipt(receipt, () => {})
    const { files, entries } = await readAll(gateway)
    const served = Buffer.concat(files)
    const { facts, nonce } = logEntry.opening!

    // All that a lucky guess could have, in all its forms; the facts to the last octet.
    const certificate = sha256(gateway.sender.certificate.raw)
    const guesses = [documentDigest, referenceDigest, certificate, facts, sha256(facts), sha256(document)]
    const derived = guesses.flatMap(guess => [guess, sha256(guess), createHmac('sha256', '').update(guess).digest()])
    for (const guess of derived) {
      for (const form of [guess, guess.toString('base64'), guess.toString('hex')])
        t.notOk(served.includes(form), 'no digest of anything that can be guessed is served')
    }
    for (const name of [senderId, encodeURIComponent(senderId), 'doc123', String(document.length)])
      t.notOk(Buffer.concat(entries).includes(name), name)
    const { sender: _, ...others } = JSON.parse(facts.toString())
    const known = Buffer.from(JSON.stringify({ sender: senderId, ...others }))
    t.same(known, facts, 'the guess is right')
    const guessed = { facts: known, nonce: Buffer.alloc(32) }
    t.throws(
      () => openEntry(readEntry(entries[1]!), guessed),
      /the facts are not those of the leaf/,
      'and still proves nothing',
    )

    const own = openEntry(readEntry(entries[1]!), { facts, nonce })
    t.match(own, { sender: senderId, document: 'doc123', certificate: certificate.toString('base64') })
    t.equal((await fetchAsThird(gateway, '/v1/receipts/doc123')).status, 404, 'and only the parties have what opens it')
  },
)

t.test('the same facts twice do not look the same', async t => {
  const gateway = await openGateway(t, certs)
  const refused = Buffer.from((await makeDocument(gateway)).toString().replace('Lunch', 'Dinner'))
  for (let i = 0; i < 3; i++) t.equal(refusalOf(await post(gateway, refused)), '422 signature-digest')
  t.equal((await post(gateway, await makeDocument(gateway))).status, 201)
  const refusals = (await readAll(gateway)).entries.map(readEntry).filter(({ type }) => type === 'refused')
  t.equal(refusals.length, 3)
  t.equal(new Set(refusals.map(({ facts }) => facts)).size, 3)
})
