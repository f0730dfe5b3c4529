import { X509Certificate } from 'node:crypto'
import t, { type Test } from 'tap'
import { loadIdentity } from '../identity.ts'
import { buildCertificate, buildTbsCertificate } from '../issuing/certificate-der.ts'
import { exportPublicKey, keyKinds, signingRow, signOctets } from '../issuing/key-pairs.ts'
import { makeCerts } from '../testing/make-certs.ts'
import { leafExtensions, makeCa, makeEcKeys, makeOdd } from '../testing/odd-certificate.ts'
import { loadTrust } from '../trust.ts'
import { readAuthority } from './certificate-form.ts'
import { checkCertificate, checkCertificateAt } from './check-certificate.ts'
import { gatewayId } from './gateway-id.ts'

const DAY = 86_400_000

async function loadAll(t: Test) {
  const certs = await makeCerts(t)
  const load = async (profile: 'sender' | 'receiver' | 'seal') => (await loadIdentity(certs, profile)).certificate
  return {
    sender: await load('sender'),
    receiver: await load('receiver'),
    seal: await load('seal'),
    trust: await loadTrust(certs),
  }
}

/** A certificate with this CN and nothing else. */
async function certificateOf(subject: string): Promise<X509Certificate> {
  const { publicKey, privateKey } = await keyKinds['ec-p256']()
  const { algorithm } = signingRow(privateKey)
  const day = new Date('2026-01-01')
  const names = { issuer: subject, subject, notBefore: day, notAfter: day }
  const tbs = buildTbsCertificate({
    serial: Buffer.of(1),
    algorithm,
    ...names,
    publicKey: exportPublicKey(publicKey),
    extensions: [],
  })
  return new X509Certificate(buildCertificate(tbs, algorithm, signOctets(tbs, privateKey)))
}

const attribute = (type: number, text: string) =>
  Buffer.of(0x30, text.length + 7, 6, 3, 0x55, 4, type, 0x0c, text.length, ...Buffer.from(text))
const nameSet = (...attributes: Buffer[]) =>
  Buffer.of(0x31, Buffer.concat(attributes).length, ...Buffer.concat(attributes))
const CN = 3
const O = 10

/**
 * A certificate whose subject is these RelativeDistinguishedNames, which our own builder cannot
 * make. Its signature is wrong.
 */
async function certificateWith(...sets: Buffer[]): Promise<X509Certificate> {
  const subject = Buffer.concat(sets)
  const placeholder = 'x'.repeat(subject.length - nameSet(attribute(CN, '')).length)
  const { raw } = await certificateOf(placeholder)
  const forged = raw
    .toString('latin1')
    .replaceAll(nameSet(attribute(CN, placeholder)).toString('latin1'), subject.toString('latin1'))
  return new X509Certificate(Buffer.from(forged, 'latin1'))
}

t.test('each certificate serves its own profile and no other', async t => {
  const { trust, ...certificates } = await loadAll(t)
  for (const profile of ['sender', 'receiver', 'seal'] as const) {
    for (const [name, certificate] of Object.entries(certificates)) {
      const check = () => checkCertificate(certificate, profile, trust, new Date())
      if (name === profile) t.doesNotThrow(check, `${name} as ${profile}`)
      else t.throws(check, { code: 'certificate-purpose' }, `${name} as ${profile}`)
    }
  }
})

t.test('refuses a foreign CA, even one of the same name, and our CA as a gateway', async t => {
  const { sender, trust } = await loadAll(t)
  const foreign = await loadAll(t)
  t.throws(() => checkCertificate(foreign.sender, 'sender', trust, new Date()), {
    code: 'certificate-invalid',
    detail: /issued by/,
  })
  const ca = trust.authorities[0]!
  const namesake = { ...ca, certificate: await certificateOf(ca.certificate.subject.slice('CN='.length)) }
  const ownCopy = { ...trust, authorities: [namesake] }
  t.throws(() => checkCertificate(sender, 'sender', ownCopy, new Date()), {
    code: 'certificate-invalid',
    detail: /issued by/,
  })
  t.throws(() => checkCertificate(ca.certificate, 'sender', trust, new Date()), {
    code: 'certificate-purpose',
    detail: /CA/,
  })
})

t.test('refuses a certificate with one changed bit', async t => {
  const { sender, trust } = await loadAll(t)
  const raw = Buffer.from(sender.raw)
  const at = raw.indexOf('MINISTRY 1')
  raw[at] = raw[at]! ^ 1
  t.throws(() => checkCertificate(new X509Certificate(raw), 'sender', trust, new Date()), {
    code: 'certificate-invalid',
  })
})

t.test('a certificate is good from its first second to its last', async t => {
  const { sender, trust } = await loadAll(t)
  const check = (time: number) => checkCertificate(sender, 'sender', trust, new Date(time))
  const from = sender.validFromDate.getTime()
  const to = sender.validToDate.getTime()
  t.throws(() => check(from - 1), { code: 'certificate-invalid', detail: /is valid from/ })
  t.doesNotThrow(() => check(from))
  t.doesNotThrow(() => check(to))
  t.throws(() => check(to + 1), { code: 'certificate-invalid', detail: /is valid from/ })
  t.throws(() => check(to + 4000 * DAY), { code: 'certificate-invalid' })
})

t.test('reads the id from the one CN', async t => {
  for (const id of [
    'MINISTRY 1_SEG01',
    'Büro für Äußeres 𝄞',
    'a, O=b + CN=c "d" <e>\\;',
    '#1',
    'a'.repeat(128),
    '𝄞'.repeat(128),
  ]) {
    t.equal(gatewayId(await certificateOf(id)), id)
  }
  t.equal(
    gatewayId(await certificateWith(nameSet(attribute(O, 'us')), nameSet(attribute(CN, 'me')))),
    'me',
    'other attributes may be there',
  )
})

t.test('a name that is no id names no gateway', async t => {
  for (const name of [
    '',
    ' a',
    'a ',
    'a\nCN=b',
    'a\\nCN=b\n',
    'a\u0000b',
    'a\tb',
    'a\u200bb',
    'a\u202eb',
    'a'.repeat(129),
    '𝄞'.repeat(129),
  ]) {
    const certificate = await certificateOf(name)
    t.throws(() => gatewayId(certificate), { code: 'certificate-invalid' }, JSON.stringify(name).slice(0, 20))
  }
})

t.test('several CNs or none name no gateway', async t => {
  const [a, b] = [attribute(CN, 'a'), attribute(CN, 'b')]
  const several = { code: 'certificate-invalid', detail: /one CN.*found 2/ }
  const inTwoSets = await certificateWith(nameSet(a), nameSet(b))
  t.equal(inTwoSets.subject, 'CN=a\nCN=b', 'the certificate is what this test is about')
  t.throws(() => gatewayId(inTwoSets), several)
  const inOneSet = await certificateWith(nameSet(a, b))
  t.equal(inOneSet.subject, 'CN=a + CN=b')
  t.throws(() => gatewayId(inOneSet), several)
  const none = await certificateWith(nameSet(attribute(O, 'a')))
  t.throws(() => gatewayId(none), { code: 'certificate-invalid', detail: /one CN.*found none/ })
})

/**
 * One authority, its CA certificate renewed twice with the same key, and a seal of its first years.
 */
function makeRenewed() {
  const keys = makeEcKeys()
  const caOf = (from: string, to: string) =>
    makeCa({ name: 'CA', keys, notBefore: new Date(from), notAfter: new Date(to) })
  const [first, second] = [caOf('2020-01-01', '2024-01-01'), caOf('2023-06-01', '2028-01-01')]
  const years = { notBefore: new Date('2021-01-01'), notAfter: new Date('2023-01-01') }
  const seal = makeOdd({ issuer: first, extensions: leafExtensions('seal'), ...years })
  return { first: first.certificate, second: second.certificate, seal }
}

const trustOf = (...certificates: X509Certificate[]) => ({
  authorities: certificates.map(readAuthority),
  caPem: certificates.join(''),
})

t.test('what was sealed under a CA certificate counts as long as one of its name and key is listed', async t => {
  const { first, second, seal } = makeRenewed()
  const then = new Date('2022-01-01')
  for (const trust of [trustOf(first), trustOf(second), trustOf(first, second), trustOf(second, first)])
    t.doesNotThrow(() => checkCertificateAt(seal, 'seal', trust, then))
  const late = { code: 'certificate-invalid', detail: /the certificate "CN=A" is valid from 2021.*it is 2023-02/ }
  t.throws(() => checkCertificateAt(seal, 'seal', trustOf(second), new Date('2023-02-01')), late)
  const stranger = makeCa({ name: 'CA' }).certificate
  t.throws(() => checkCertificateAt(seal, 'seal', trustOf(stranger), then), {
    code: 'certificate-invalid',
    detail: /signed with its key/,
  })
  const both = trustOf(stranger, second)
  t.doesNotThrow(() => checkCertificateAt(seal, 'seal', both, then), 'two CAs of one name')
})

t.test('what is sealed now needs a CA certificate that is in date now', async t => {
  const { first, second, seal } = makeRenewed()
  const early = { code: 'certificate-invalid', detail: /the CA certificate "CN=CA" is valid from 2023-06/ }
  t.throws(() => checkCertificate(seal, 'seal', trustOf(second), new Date('2022-01-01')), early)
  t.doesNotThrow(() => checkCertificate(seal, 'seal', trustOf(second, first), new Date('2022-01-01')))
})

t.test('a time that is no date lies within nothing', async t => {
  const { first, seal } = makeRenewed()
  for (const check of [checkCertificate, checkCertificateAt])
    t.throws(() => check(seal, 'seal', trustOf(first), new Date(Number.NaN)), {
      code: 'certificate-invalid',
      detail: /it is no date/,
    })
})

t.test('two CAs side by side issue for one PKI, each under its own dates', async t => {
  const [old, next] = [await loadAll(t), await loadAll(t)]
  const trust = trustOf(old.trust.authorities[0]!.certificate, next.trust.authorities[0]!.certificate)
  for (const { sender } of [old, next]) t.doesNotThrow(() => checkCertificate(sender, 'sender', trust, new Date()))
})
