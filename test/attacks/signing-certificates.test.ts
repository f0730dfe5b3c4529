// Certificates for signatures apart from those of connections: the record of a partner names both,
// and a document chooses among what it names.
import { until } from '@seg/core/testing/until'
import { type Identity, loadVerifierKeys } from '@seg/pki'
import t, { type Test } from 'tap'
import { openEvidence, type VerifiedLedger, verifyLedger } from '../../packages/ledger/src/index.ts'
import { revoke } from '../../packages/pki/src/revocation/revoke.ts'
import { describeCertificate } from '../../packages/receiver/src/stored/kept-certificate.ts'
import { openOriginCheck } from '../../packages/receiver/src/stored/verify-origin.ts'
import { openReceiptCheck } from '../../packages/receiver/src/stored/verify-sealed-receipt.ts'
import { call, connectRaw, post, type RawConnection, refusalOf } from '../../packages/receiver/src/testing/client.ts'
import {
  makeCerts,
  makeDocument,
  openGateway,
  senderId,
  setTrust,
  type TestGateway,
} from '../../packages/receiver/src/testing/gateway.ts'
import { issue, makeIssuer, openIssuer } from '../support/certificates.ts'
import { documentHead } from '../support/raw-http.ts'

// A busy machine takes longer for all of them than tap waits.
t.setTimeout(600_000)

const certs = await makeCerts(t)
const ca = await openIssuer(certs)
const seal = (name: string, dates: { from?: number; to?: number } = {}) =>
  issue({ profile: 'seal', name, ...dates }, ca)
const [signing, second, otherSigning] = [seal('signer one'), seal('signer one'), seal('signer three')]
const otherTls = issue({ name: 'MINISTRY 3_SEG01' }, ca)
const pinned = issue({ profile: 'seal', name: 'anything' }, makeIssuer('Somebody'))

type Rules = { readonly first?: string; readonly third?: string; readonly crl?: boolean }

const tlsOf = (id: string) => `{ for: [tls], authority: gov, subject: { CN: "${id}" } }`
const byName = '{ for: [sign], authority: gov, subject: { CN: signer one } }'
const ended = '{ for: [sign], authority: gov, subject: { CN: signer one }, until: 2020-01-01 }'

function trustOf({ first = `${tlsOf(senderId)}, ${byName}`, third, crl = false }: Rules = {}): string {
  const others = third ?? `${tlsOf(otherTls.id)}, { for: [sign], authority: gov, subject: { CN: signer three } }`
  return `
trust:
  mode: listed
  authorities: { gov: { anchors: ca.crt${crl ? ', revocation: { need: crl, crl: [ca.crl] }' : ''} } }
partners:
  - { id: ${senderId}, certificates: [${first}] }
  - { id: ${otherTls.id}, certificates: [${others}] }
`
}

async function open(t: Test, rules: Rules = {}): Promise<TestGateway> {
  const gateway = await openGateway(t, certs)
  await setTrust(gateway, trustOf(rules))
  return gateway
}

const send = async (gateway: TestGateway, body: Uint8Array) => refusalOf(await post(gateway, body))
const base64 = ({ certificate }: Identity) => certificate.raw.toString('base64')

/** The document with another KeyInfo, which no signature covers. */
function withKeyInfo(document: Buffer, ...brought: Identity[]): Buffer {
  const data = brought.map(one => `<X509Certificate>${base64(one)}</X509Certificate>`).join('')
  const keyInfo = brought.length === 0 ? '' : `<KeyInfo><X509Data>${data}</X509Data></KeyInfo>`
  const changed = document.toString().replace(/<KeyInfo>.*<\/KeyInfo>/s, keyInfo)
  if (changed === document.toString()) throw new Error('the document has no KeyInfo')
  return Buffer.from(changed)
}

/** All of it but what is behind its first 50,000 octets. */
function beginDocument({ socket }: RawConnection, document: Buffer): void {
  socket.write(`${documentHead(`Content-Length: ${document.length}\r\nConnection: close`)}`)
  socket.write(document.subarray(0, 50_000))
}

async function verifyLog({ data, gate }: TestGateway): Promise<VerifiedLedger> {
  const { trust, policy } = gate.credentials.current
  const checks = { checkReceipt: openReceiptCheck(trust), checkOrigin: openOriginCheck(policy) }
  const verifying = verifyLedger(openEvidence(data), (await loadVerifierKeys(certs)).join('\n'), checks)
  for (let step = await verifying.next(); ; step = await verifying.next()) if (step.done) return step.value
}

t.test('a document verifies with a certificate that the record names for signatures, which is kept', async t => {
  const gateway = await open(t)
  for (const [i, signer] of [signing, second, signing, signing].entries())
    t.match(await send(gateway, await makeDocument(gateway, { id: `doc${i}`, signer })), /^201/)
  const chain = await gateway.gate.ledger.chain(senderId, 'doc1')
  t.same(chain?.[0], second.certificate.raw)
  t.equal(chain?.length, 2, "and its CA's")
  const facts = await describeCertificate(gateway.gate.ledger, (await gateway.gate.ledger.find(senderId, 'doc1'))!)
  t.equal(facts?.subject, 'CN=signer one')
  t.match(await verifyLog(gateway), { documents: 4, withoutCertificate: 0 })
})

t.test('a record may name one certificate by its digest, or its key, and need no authority for it', async t => {
  const gateway = await open(t, {
    first: `${tlsOf(senderId)}, { for: [sign], sha256: "${pinned.certificate.fingerprint256}" }`,
  })
  t.match(await send(gateway, await makeDocument(gateway, { signer: pinned })), /^201/)
  t.equal(await send(gateway, await makeDocument(gateway, { id: 'b', signer: signing })), '422 signature-key')
  t.match(await verifyLog(gateway), { documents: 1 })
})

t.test('no other certificate counts, whatever KeyInfo says', async t => {
  const gateway = await open(t)
  const forged = issue({ profile: 'seal', name: 'signer one' }, makeIssuer(ca.name))
  const by = (signer: Identity) => makeDocument(gateway, { signer })
  const own = await by(signing)
  const cases: Record<string, [document: Buffer, expected: string, log: RegExp]> = {
    "the connection's": [
      await by(gateway.sender),
      '422 signature-key',
      /that of the connection, which is for tls alone/,
    ],
    "the connection's, without KeyInfo": [
      withKeyInfo(await by(gateway.sender)),
      '422 signature-key',
      /found none, which/,
    ],
    'the right one, without KeyInfo': [withKeyInfo(own), '422 signature-key', /found none, which is for tls alone/],
    "another partner's": [await by(otherSigning), '422 signature-key', /"CN=signer three" .*: it names it for none/],
    "another partner's for connections": [await by(otherTls), '422 signature-key', /it names it for none/],
    "a stranger's of the right name": [await by(forged), '422 signature-key', /certificate-untrusted|expected a path/],
    'the right one, and the signature of another': [
      withKeyInfo(await by(gateway.sender), signing),
      '422 signature-value',
      /does not verify/,
    ],
    'the right one behind another': [withKeyInfo(own, gateway.sender, signing), '422 signature-key', /tls alone/],
    'another behind the right one': [withKeyInfo(own, signing, gateway.sender), '422 signature-key', /a chain/],
    'one that expired': [await by(seal('signer one', { from: -3, to: -2 })), '403 certificate-expired', /validity/],
    'one that is not valid yet': [
      await by(seal('signer one', { from: 1, to: 2 })),
      '403 certificate-expired',
      /validity/,
    ],
    'one of a server': [
      await by(issue({ profile: 'receiver', name: 'signer one' }, ca)),
      '403 certificate-purpose',
      /extendedKeyUsage/,
    ],
    'octets that are no certificate': [
      Buffer.from(own.toString().replace(base64(signing), Buffer.from('nothing').toString('base64'))),
      '422 signature-key',
      /octets that are none/,
    ],
    'the right one, in the name of another partner': [
      await makeDocument(gateway, { signer: signing, from: otherTls.id }),
      '403 sender-mismatch',
      /expected SenderID/,
    ],
  }
  for (const [title, [document, expected, line]] of Object.entries(cases)) {
    t.equal(await send(gateway, document), expected, title)
    t.match(gateway.log.at(-1)?.msg, line, title)
  }
  t.equal(await send(gateway, await makeDocument(gateway, { id: 'after', signer: signing })), '201 application/xml')
  t.match(await verifyLog(gateway), { documents: 1 })
})

t.test("a partner's certificate for signatures opens no connection", async t => {
  const gateway = await open(t)
  const tls = { cert: signing.certificatePem, key: signing.keyPem }
  t.match(refusalOf(await call(gateway, { path: '/v1/log/checkpoint', tls })), /^403 certificate-purpose/)
})

t.test('two partners cannot share one for signatures', async t => {
  const gateway = await openGateway(t, certs)
  const shared = `${tlsOf(otherTls.id)}, { for: [sign], authority: gov, subject: { CN: signer one } }`
  await t.rejects(setTrust(gateway, trustOf({ third: shared })), {
    message: /a certificate that this recognizes could be that of "MINISTRY 1_SEG01" \(line \d+\), too/,
  })
  // A pin without an authority is compared when a certificate meets both.
  const pin = `${tlsOf(otherTls.id)}, { for: [sign], sha256: "${signing.certificate.fingerprint256}" }`
  await setTrust(gateway, trustOf({ third: pin }))
  t.equal(await send(gateway, await makeDocument(gateway, { signer: signing })), '422 signature-key')
  t.match(gateway.log.at(-1)?.msg, /it is that of two partners/)
  t.equal(await send(gateway, await makeDocument(gateway, { signer: second })), '201 application/xml')
})

t.test('a rule holds in its time, and a revocation at once, also for a document under way', async t => {
  const pin = `{ for: [sign], sha256: "${second.certificate.fingerprint256}" }`
  const gateway = await open(t, { first: `${tlsOf(senderId)}, ${ended}, ${pin}` })
  t.equal(await send(gateway, await makeDocument(gateway, { signer: signing })), '422 signature-key')
  t.equal(await send(gateway, await makeDocument(gateway, { signer: second })), '201 application/xml')
  const options = { certs, ca: 'ca', reason: 'keyCompromise', days: 7, now: new Date() } as const
  await revoke(options)
  await setTrust(gateway, trustOf({ crl: true }))
  const large = await makeDocument(gateway, { id: 'large', signer: signing, payload: 'x'.repeat(100_000) })
  const busy = await connectRaw(t, gateway)
  beginDocument(busy, large)
  t.equal(await send(gateway, await makeDocument(gateway, { id: 'before', signer: signing })), '201 application/xml')
  await until(() => gateway.gate.uploads.active().all > 0)
  await revoke({ ...options, target: signing.certificate })
  await setTrust(gateway, trustOf({ crl: true }))
  busy.socket.write(large.subarray(50_000))
  await busy.closed
  t.match(busy.text(), /^HTTP\/1\.1 403 .*certificate-revoked/s)
  t.equal(await send(gateway, await makeDocument(gateway, { id: 'after', signer: signing })), '403 certificate-revoked')
  t.equal(await send(gateway, await makeDocument(gateway, { id: 'after', signer: second })), '201 application/xml')
})

t.test('what was signed is proven later with a rule for signatures, and not with one for connections', async t => {
  const gateway = await open(t)
  t.equal(await send(gateway, await makeDocument(gateway, { signer: signing })), '201 application/xml')
  await setTrust(gateway, trustOf({ first: `${tlsOf(senderId)}, ${ended}` }))
  t.match(await verifyLog(gateway), { documents: 1 }, 'its end does not matter')
  const both = `{ for: [tls, sign], authority: gov, subject: { CN: "${senderId}" } }`
  await setTrust(gateway, trustOf({ first: `${both}, ${byName.replace('sign', 'tls')}` }))
  await t.rejects(verifyLog(gateway), { message: /names "CN=signer one" for tls alone; keep the rule/ })
})

t.test('a document whose certificate expires on its way is refused: it would not be proven later', async t => {
  const gateway = await openGateway(t, certs)
  const end = gateway.sender.certificate.validToDate
  gateway.setTime(end)
  const document = await makeDocument(gateway, { payload: 'x'.repeat(100_000), now: end })
  const busy = await connectRaw(t, gateway)
  beginDocument(busy, document)
  await until(() => gateway.gate.uploads.active().all > 0)
  gateway.setTime(new Date(end.getTime() + 1000))
  busy.socket.write(document.subarray(50_000))
  await busy.closed
  t.match(busy.text(), /^HTTP\/1\.1 403 .*certificate-expired/s)
  t.equal(await gateway.gate.ledger.find(senderId, 'doc123'), undefined)
})
